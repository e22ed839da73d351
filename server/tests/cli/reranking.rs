//! The optional reranker: the same on every path, off by default.

use serde_json::Value;

use crate::sandbox::{Finished, Run, SMALL_RERANKER, Sandbox, project};

const KNOWLEDGE: &str = r#"{"id": "refund", "question": "怎么退款", "similar": ["我要退钱"], "answer": "七天内可退"}
{"id": "invoice", "question": "发票怎么开", "similar": ["开发票"], "answer": "在订单页申请"}
{"id": "delivery", "question": "多久送到", "similar": ["几天到货"], "answer": "两天"}
"#;
const QUESTION: &str = "怎么开退款的发票";

/// Of the candidate at `rank`, from 0.
fn feature(explained: &Value, rank: usize, name: &str) -> f64 {
    let features = explained["candidates"][rank]["features"].as_array().unwrap();
    features.iter().find(|feature| feature["name"] == name).unwrap()["value"].as_f64().unwrap()
}

fn ask(sandbox: &Sandbox) -> Run {
    sandbox.yingda_small(&["ask", QUESTION, "--explain", "-o", "json", "--knowledge", "own.jsonl"])
}

fn with_reranker(run: Run) -> Finished {
    run.variable("YINGDA_RERANKER__NAME", project(SMALL_RERANKER)).finish()
}

#[test]
fn ask_and_eval_rerank_alike() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", KNOWLEDGE);
    let asked = with_reranker(ask(&sandbox)).expect(0).json();
    let explain = &asked["explain"];
    assert!(explain["stages_ms"]["rerank"].as_f64().unwrap() > 0.0, "{explain}");
    let scores: Vec<f64> = (0..3).map(|rank| feature(explain, rank, "reranker")).collect();
    assert!(scores.is_sorted_by(|left, right| left >= right) && scores[2] > 0.0, "{scores:?}");
    let explained =
        sandbox.yingda_small(&["eval", "explain", QUESTION, "-o", "json", "--knowledge", "own.jsonl"]);
    let explained = with_reranker(explained).expect(0).json();
    for rank in 0..3 {
        assert_eq!(explained["candidates"][rank]["entry_id"], explain["candidates"][rank]["entry_id"]);
        assert_eq!(explained["candidates"][rank]["confidence"], explain["candidates"][rank]["confidence"]);
    }
    assert_eq!(explained["candidates"][0]["confidence"], asked["confidence"]);
}

#[test]
fn without_a_reranker_nothing_is_reranked() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", KNOWLEDGE);
    let asked = ask(&sandbox).finish().expect(0).json();
    assert_eq!(asked["explain"]["stages_ms"]["rerank"], 0.0);
    assert_eq!(feature(&asked["explain"], 0, "reranker"), 0.0);
}

#[test]
fn a_missing_reranker_exits_with_4() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", KNOWLEDGE);
    let missing = |run: Run| {
        run.variable("YINGDA_RERANKER__NAME", "no-such-reranker")
            .finish()
            .expect(4)
            .complains_about(&["no-such-reranker"]);
    };
    missing(ask(&sandbox));
    missing(sandbox.yingda_small(&["eval", "calibrate", "own.jsonl"]));
}
