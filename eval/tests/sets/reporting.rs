//! From a set to `report.json` and `errors.jsonl`, with a real (small, random) model.

use std::{fs, path::Path};

use answer::{AnswerPolicy, BuildOptions, DecideOptions, FusionWeights, Probability};
use eval::{Indexed, LabelledSet, Report, Retrieval, RunOptions, run, table};
use indicatif::ProgressBar;
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, load_model};
use serde_json::Value;
use time::OffsetDateTime;

use crate::{AUTHORED, KNOWLEDGE, folder, own};

fn embedder() -> Embedder {
    let files = ModelFiles::open(&own("inference/tests/parity/static-st")).unwrap();
    let encoder = load_model(&files, &ModelOptions::default()).unwrap();
    Embedder::start(encoder, &EmbedderOptions::default()).unwrap()
}

/// `answer_at` 0 answers everything, 1 (with the fitted constants) nothing.
async fn report(path: &Path, retrieval: Retrieval, answer_at: f32) -> Report {
    let at = |value| Probability::new(value).unwrap();
    let policy = AnswerPolicy::new(at(answer_at), at(0.0)).unwrap();
    let options = RunOptions {
        retrieval,
        decide: DecideOptions { policy, weights: FusionWeights::HYBRID },
        build: BuildOptions::default(),
        risk_target: Some(0.05),
        now: OffsetDateTime::UNIX_EPOCH,
    };
    let set = LabelledSet::load(path, Some(Indexed::All)).unwrap();
    let run = run(&[set], &embedder(), &options, &ProgressBar::hidden()).await.unwrap();
    Report { risk_target: Some(0.05), models: vec![run] }
}

const QUESTIONS: &str = r#"{"text":"怎么退款呢","expected":"refund"}
{"text":"退钱","expected":"invoice","note":"mislabelled on purpose"}
{"text":"阿根廷","expected":null,"note":"far"}
{"text":"😀","expected":null,"note":"far"}
"#;

#[tokio::test]
async fn figures_and_errors_agree_with_what_happened() {
    let set = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", QUESTIONS)]);
    let report = report(set.path(), Retrieval::Lexical, 0.0).await;
    let set_report = &report.models[0].sets[0];
    let metrics = &set_report.metrics;
    assert_eq!((set_report.entries, set_report.phrasings, set_report.questions), (2, 6, 4));
    assert_eq!(metrics.hit_at_1, Some(0.5));
    // The emoji is no question: it is handed over whatever the threshold.
    assert_eq!(metrics.coverage, Some(0.75));
    assert_eq!(metrics.wrong_answer_rate, Some(2.0 / 3.0));

    let out = set.path().join("out/deep");
    report.write(&out).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    for key in ["hit_at_1", "hit_at_3", "hit_at_5", "mrr", "coverage", "wrong_answer_rate", "latency_ms"] {
        assert_eq!(written[key], written["sets"][0][key], "one set is its own mean");
        assert!(!written[key].is_null(), "{key}");
    }
    let errors = fs::read_to_string(out.join("errors.jsonl")).unwrap();
    let errors: Vec<Value> = errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let texts: Vec<&Value> = errors.iter().map(|error| &error["text"]).collect();
    assert_eq!(texts, ["退钱", "阿根廷"]);
    assert_eq!(errors[0]["decision"], "answer");
    assert_eq!(errors[0]["candidates"][0]["entry_id"], "refund");
}

#[tokio::test]
async fn nothing_answered_means_no_wrong_answer_rate() {
    let set = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", QUESTIONS)]);
    let report = report(set.path(), Retrieval::Hybrid, 1.0).await;
    assert_eq!(report.models[0].mean.coverage, Some(0.0));
    assert_eq!(report.models[0].mean.wrong_answer_rate, None);
    assert!(table(&report).contains(" - "), "{}", table(&report));
}

#[tokio::test]
async fn a_set_without_an_answerable_question_has_no_hit_rate() {
    let set = folder(&[("shop.jsonl", AUTHORED)]);
    let report = report(&set.path().join("shop.jsonl"), Retrieval::Dense, 1.0).await;
    assert_eq!((report.models[0].mean.hit_at_1, report.models[0].mean.mrr), (None, None));
    assert_eq!(report.models[0].sets[0].questions, 2);
}
