//! `eval run`: both forms of a labelled set, the report's files, and refusals.

use std::fs;

use serde_json::Value;

use crate::sandbox::Sandbox;

const KNOWLEDGE: &str = r#"{"id": "hours", "question": "几点开门", "similar": ["什么时候营业"], "answer": "九点"}
{"id": "refund", "question": "怎么退款", "similar": ["我要退钱"], "answer": "七天内"}
"#;
const QUESTIONS: &str = r#"{"text": "几点开门", "expected": "hours"}
{"text": "怎么退款", "expected": "refund"}
{"text": "讲个笑话", "expected": null, "note": "far"}
"#;
const AUTHORED: &str = r#"{"type": "faq", "id": "hours", "question": "几点开门", "answer": "九点", "similar": ["开门是几点"]}
{"type": "faq", "id": "refund", "question": "怎么退款", "answer": "七天内", "similar": ["退款怎么退"]}
{"type": "far_oos", "text": "讲个笑话"}
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("set")).unwrap();
    sandbox.file("set/knowledge.jsonl", KNOWLEDGE);
    sandbox.file("set/questions.jsonl", QUESTIONS);
    sandbox.file("authored.jsonl", AUTHORED);
    sandbox
}

fn read_report(sandbox: &Sandbox, folder: &str) -> Value {
    serde_json::from_slice(&fs::read(sandbox.path(folder).join("report.json")).unwrap()).unwrap()
}

#[test]
fn both_forms_of_a_set_are_measured() {
    let sandbox = sandbox();
    let arguments = ["eval", "run", "set", "authored.jsonl", "--out", "measured", "--retrieval", "lexical"];
    let finished = sandbox.yingda_small(&arguments).finish().expect(0);
    for row in ["set ", "authored ", "mean "] {
        assert!(
            finished.stdout.lines().any(|line| line.starts_with(row)),
            "{row} is not in:\n{}",
            finished.stdout
        );
    }
    let report = read_report(&sandbox, "measured");
    for key in ["hit_at_1", "hit_at_3", "hit_at_5", "mrr", "coverage", "wrong_answer_rate", "latency_ms"] {
        assert!(!report[key].is_null(), "{key} is missing in {report}");
    }
    assert_eq!((&report["hit_at_1"], &report["retrieval"]), (&1.0.into(), &"lexical".into()));
    assert_eq!(report["sets"].as_array().unwrap().len(), 2);
    assert!(sandbox.path("measured/errors.jsonl").exists());
}

#[test]
fn json_prints_what_the_report_holds() {
    let sandbox = sandbox();
    let printed = sandbox.yingda_small(&["eval", "run", "set", "-o", "json"]).finish().expect(0).json();
    assert_eq!(printed, read_report(&sandbox, "reports"));
}

#[test]
fn the_index_option_chooses_the_phrasings() {
    let sandbox = sandbox();
    for (index, phrasings) in [("standard", 2), ("all", 4)] {
        let arguments = ["eval", "run", "set", "--index", index, "-o", "json"];
        let report = sandbox.yingda_small(&arguments).finish().expect(0).json();
        assert_eq!(report["sets"][0]["phrasings"], phrasings, "{report}");
    }
}

#[test]
fn what_is_no_set_exits_with_3() {
    let sandbox = sandbox();
    sandbox.file("broken.jsonl", format!("{AUTHORED}nonsense\n"));
    let finished = sandbox.yingda_small(&["eval", "run", "broken.jsonl"]).finish().expect(3);
    finished.complains_about(&["broken.jsonl, line 4: "]);
    sandbox.yingda_small(&["eval", "run", "none"]).finish().expect(3).complains_about(&["none"]);
    sandbox.file("report", "a file where a folder should be");
    sandbox
        .yingda_small(&["eval", "run", "set", "--out", "report"])
        .finish()
        .expect(3)
        .complains_about(&["report"]);
}
