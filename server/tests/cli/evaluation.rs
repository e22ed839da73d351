//! `eval …`: both forms of a labelled set, the report's files, comparisons, what follows from risk, and refusals.

use std::fs;

use serde_json::Value;

use crate::sandbox::{SMALL_MODEL, Sandbox, project};

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
    for key in
        ["hit_at_1", "hit_at_3", "hit_at_5", "mrr", "ndcg", "coverage", "latency_ms", "ece", "risk_target"]
    {
        assert!(!report[key].is_null(), "{key} is missing in {report}");
    }
    assert!(report.get("wrong_answer_rate").is_some(), "{report}");
    assert_eq!((&report["hit_at_1"], &report["retrieval"]), (&1.0.into(), &"lexical".into()));
    assert_eq!(report["sets"].as_array().unwrap().len(), 2);
    for file in ["errors.jsonl", "outcomes.jsonl", "report.md", "report.html"] {
        assert!(sandbox.path("measured").join(file).exists(), "{file}");
    }
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
    let twice = sandbox.yingda_small(&["eval", "run", "set", "set"]).finish().expect(3);
    twice.complains_about(&["another set is called set"]);
    sandbox.file("report", "a file where a folder should be");
    sandbox
        .yingda_small(&["eval", "run", "set", "--out", "report"])
        .finish()
        .expect(3)
        .complains_about(&["report"]);
}

#[test]
fn the_risk_target_is_a_share_and_is_reported() {
    let sandbox = sandbox();
    let arguments = ["eval", "run", "set", "--risk-target", "0", "-o", "json"];
    let report = sandbox.yingda_small(&arguments).finish().expect(0).json();
    assert_eq!(report["risk_target"], 0.0, "0 stays 0");
    assert_eq!(report["coverage"], 0.0, "nothing is certain");
    let finished = sandbox.yingda_small(&["eval", "run", "set", "--risk-target", "1.5"]).finish().expect(2);
    finished.complains_about(&["--risk-target", "0 to 1"]);
}

#[test]
fn models_stand_side_by_side() {
    let sandbox = sandbox();
    sandbox.copy(SMALL_MODEL, "models/other");
    let (own, other) = (project(SMALL_MODEL), sandbox.path("models/other"));
    let (own, other) = (own.to_str().unwrap(), other.to_str().unwrap());
    let arguments = ["eval", "run", "set", "--model", own, "--model", other, "-o", "json"];
    let report = sandbox.yingda(&arguments).finish().expect(0).json();
    assert_eq!(report["other_models"].as_array().unwrap().len(), 1);
    assert_eq!(report["other_models"][0]["hit_at_1"], report["hit_at_1"], "{report}");
}

#[test]
fn questions_out_of_scope_are_added_to_every_set() {
    let sandbox = sandbox();
    sandbox.file("other.jsonl", "{\"text\": \"今天天气\", \"expected\": null}\n");
    let arguments = ["eval", "run", "set", "authored.jsonl", "--out-of-scope", "other.jsonl", "-o", "json"];
    let report = sandbox.yingda_small(&arguments).finish().expect(0).json();
    assert_eq!((&report["sets"][0]["questions"], &report["sets"][1]["questions"]), (&4.into(), &4.into()));
    let arguments = ["eval", "run", "set", "--out-of-scope", "set/questions.jsonl"];
    sandbox.yingda_small(&arguments).finish().expect(3).complains_about(&["questions.jsonl", "几点开门"]);
}

#[test]
fn a_report_that_became_worse_exits_with_1() {
    let sandbox = sandbox();
    sandbox.yingda_small(&["eval", "run", "set", "--out", "old", "-q"]).finish().expect(0);
    let same = sandbox.yingda_small(&["eval", "compare", "old", "old"]).finish().expect(0);
    assert!(same.stdout.contains("no figure is worse") && same.stdout.contains("3 questions in both"));
    let mut accepted = read_report(&sandbox, "old");
    accepted["sets"][0]["hit_at_1"] = 1.5.into();
    sandbox.file("accepted.json", accepted.to_string());
    let worse = sandbox.yingda_small(&["eval", "compare", "old", "accepted.json"]).finish().expect(1);
    assert!(worse.stdout.contains("worse: set: hit_at_1 1.5000"), "{}", worse.stdout);
    let arguments = ["eval", "compare", "old/report.json", "accepted.json", "--tolerance", "0.6"];
    sandbox.yingda_small(&arguments).finish().expect(0);
    let compared =
        sandbox.yingda_small(&["eval", "compare", "old", "accepted.json", "-o", "json"]).finish().expect(1);
    assert_eq!(compared.json()["sets"][0]["changes"][0]["figure"], "hit_at_1");
    sandbox.file("no-report.json", "[]");
    sandbox
        .yingda_small(&["eval", "compare", "old", "no-report.json"])
        .finish()
        .expect(3)
        .complains_about(&["no-report.json"]);
    sandbox.yingda_small(&["eval", "compare", "old", "old", "--tolerance", "-1"]).finish().expect(2);
}

#[test]
fn a_sweep_has_one_point_per_target() {
    let sandbox = sandbox();
    let arguments = ["eval", "sweep", "set", "authored.jsonl", "--risk-targets", "0,0.5", "-o", "json"];
    let swept = sandbox.yingda_small(&arguments).finish().expect(0).json();
    let points = swept["sets"][0]["points"].as_array().unwrap();
    assert_eq!(
        (points.len(), &points[0]["coverage"], &points[1]["risk_target"]),
        (2, &0.0.into(), &0.5.into())
    );
    let text = sandbox.yingda_small(&["eval", "sweep", "set", "authored.jsonl"]).finish().expect(0).stdout;
    for shown in ["risk target", "mean\n", "20%"] {
        assert!(text.contains(shown), "{shown} is not in:\n{text}");
    }
    sandbox.yingda_small(&["eval", "sweep", "set", "--risk-targets", "0.1,2"]).finish().expect(2);
}

#[test]
fn a_knowledge_base_is_calibrated_explained_and_staffed() {
    let sandbox = sandbox();
    let calibrated = sandbox.yingda_small(&["eval", "calibrate", "set", "set/knowledge.jsonl", "-o", "json"]);
    let calibrated = calibrated.finish().expect(0).json_lines();
    assert_eq!(
        (calibrated.len(), &calibrated[0]["entries"], &calibrated[1]["phrasings"]),
        (2, &2.into(), &4.into())
    );
    assert!(!calibrated[0]["remarks"].as_array().unwrap().is_empty(), "two entries cannot teach much");

    let arguments = ["eval", "explain", "怎么退款", "--knowledge", "set/knowledge.jsonl"];
    let text = sandbox.yingda_small(&arguments).finish().expect(0).stdout;
    for shown in ["decision", "why", "refund", "same_spelling", "intercept"] {
        assert!(text.contains(shown), "{shown} is not in:\n{text}");
    }
    let nothing = ["eval", "explain", "😀", "--knowledge", "set/knowledge.jsonl"];
    sandbox.yingda_small(&nothing).finish().expect(3);

    let arguments = [
        "eval",
        "staffing",
        "--knowledge",
        "set/knowledge.jsonl",
        "--questions-per-hour",
        "60",
        "-o",
        "json",
    ];
    let staffed = sandbox.yingda_small(&arguments).finish().expect(0).json();
    assert_eq!((staffed["targets"].as_array().unwrap().len(), &staffed["agent_minutes"]), (6, &5.0.into()));
    sandbox.yingda_small(&["eval", "staffing", "--questions-per-hour", "0"]).finish().expect(2);
}
