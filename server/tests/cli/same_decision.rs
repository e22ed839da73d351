//! One question, one decision: on the command line, over HTTP and in an evaluation.

use std::fs;

use serde_json::Value;

use crate::{
    sandbox::{Sandbox, project},
    serving::Serving,
};

/// Every ninth labelled question of the shop: answers, questions asked back and hand-offs among them.
const STEP: usize = 9;

#[test]
fn every_path_decides_alike() {
    let sandbox = Sandbox::new();
    let set = project("datasets/shop-zh");
    let knowledge = set.join("knowledge.jsonl");
    fs::create_dir(sandbox.path("set")).unwrap();
    fs::copy(&knowledge, sandbox.path("set/knowledge.jsonl")).unwrap();
    let questions = fs::read_to_string(set.join("questions.jsonl")).unwrap();
    let chosen: Vec<&str> = questions.lines().filter(|line| !line.contains("😀")).step_by(STEP).collect();
    sandbox.file("set/questions.jsonl", chosen.join("\n"));

    let measured = evaluated(&sandbox);
    assert!(measured.len() > 40);
    let texts: Vec<&str> = measured.iter().map(|outcome| outcome["text"].as_str().unwrap()).collect();
    let asked = sandbox
        .yingda(&["ask", "-", "-o", "json", "--knowledge", "set/knowledge.jsonl"])
        .stdin(texts.join("\n"))
        .finish()
        .expect(0)
        .json_lines();
    let arguments = ["serve", "--knowledge", "set/knowledge.jsonl", "--address", "127.0.0.1:0", "-o", "json"];
    let serving = Serving::start(sandbox.yingda(&arguments));
    for ((outcome, asked), text) in measured.iter().zip(&asked).zip(&texts) {
        let served = serving.post("/v1/ask", &serde_json::json!({ "text": text }));
        for field in ["decision", "confidence", "answer", "entry_id", "options", "reason"] {
            assert_eq!(asked[field], served[field], "{field} of {text}");
        }
        assert_eq!(asked["decision"], outcome["decision"], "{text}");
        assert_eq!(asked["confidence"], outcome["confidence"], "{text}");
        if asked["decision"] == "answer" {
            assert_eq!(asked["entry_id"], outcome["best"], "{text}");
        }
    }
    for decision in ["answer", "clarify", "handoff"] {
        assert!(asked.iter().any(|reply| reply["decision"] == decision), "no {decision} among the questions");
    }
}

/// What `eval run` decided, one value a question.
fn evaluated(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.yingda(&["eval", "run", "set", "--out", "report"]).finish().expect(0);
    let outcomes = fs::read_to_string(sandbox.path("report/outcomes.jsonl")).unwrap();
    outcomes.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
