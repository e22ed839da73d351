//! From a set to `report.json` and `errors.jsonl`, with a real (small, random) model.

use std::{fs, path::Path};

use answer::{AnswerPolicy, BuildOptions, Probability, RiskTarget};
use eval::{
    Band, FeatureWeight, Indexed, LabelledSet, RISK_TARGETS, Report, Retrieval, RunOptions, Traffic,
    calibrate, explain, run, staffing, table,
};
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

fn options(retrieval: Retrieval, risk_target: f32) -> RunOptions {
    RunOptions {
        retrieval,
        risk_target: RiskTarget::new(risk_target).unwrap(),
        sweep: RISK_TARGETS.iter().map(|target| RiskTarget::new(*target).unwrap()).collect(),
        build: BuildOptions::default(),
        now: OffsetDateTime::UNIX_EPOCH,
    }
}

async fn report(path: &Path, retrieval: Retrieval, risk_target: f32) -> Report {
    let set = LabelledSet::load(path, Some(Indexed::All)).unwrap();
    let options = options(retrieval, risk_target);
    let run = run(&[set], &embedder(), &options, &ProgressBar::hidden()).await.unwrap();
    Report { risk_target, models: vec![run] }
}

const QUESTIONS: &str = r#"{"text":"怎么退款呢","expected":"refund"}
{"text":"退钱","expected":"invoice","note":"mislabelled on purpose"}
{"text":"阿根廷","expected":null,"note":"far"}
{"text":"😀","expected":null,"note":"far"}
"#;

#[tokio::test]
async fn figures_and_errors_agree_with_what_happened() {
    let set = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", QUESTIONS)]);
    let report = report(set.path(), Retrieval::Lexical, 1.0).await;
    let of_set = &report.models[0].sets[0];
    assert_eq!((of_set.entries, of_set.phrasings, of_set.questions), (2, 6, 4));
    assert_eq!(of_set.metrics.hit_at_1, Some(0.5));
    let bands: Vec<Band> = of_set.outcomes.iter().map(|outcome| outcome.judged.decision).collect();
    assert_eq!(bands[3], Band::HandOff, "the emoji is no question: it is handed over whatever the target");
    let answered = bands.iter().filter(|band| **band == Band::Answer).count();
    assert_eq!(of_set.metrics.coverage, Some(answered as f64 / 4.0));

    let out = set.path().join("out/deep");
    report.write(&out).unwrap();
    let written: Value = serde_json::from_slice(&fs::read(out.join("report.json")).unwrap()).unwrap();
    for key in
        ["hit_at_1", "hit_at_3", "hit_at_5", "mrr", "coverage", "wrong_answer_rate", "latency_ms", "ece"]
    {
        assert_eq!(written[key], written["sets"][0][key], "one set is its own mean");
        assert!(written.get(key).is_some(), "{key}");
    }
    assert!(written["latency_ms"]["p99"].is_f64() && written["latency_ms"]["embed"]["p50"].is_f64());
    let errors = fs::read_to_string(out.join("errors.jsonl")).unwrap();
    let errors: Vec<Value> = errors.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mislabelled = errors.iter().find(|error| error["text"] == "退钱").unwrap();
    assert_eq!(mislabelled["candidates"][0]["entry_id"], "refund");
    let features = mislabelled["candidates"][0]["features"].as_array().unwrap();
    let cosine = features.iter().find(|feature| feature["name"] == "cosine").unwrap();
    assert!(cosine["value"].is_f64(), "{mislabelled}");
    assert!(mislabelled["why"].as_str().is_some_and(|why| !why.is_empty()));
    assert!(errors.iter().all(|error| error["text"] != "怎么退款呢"), "what went right is no error");
}

#[tokio::test]
async fn nothing_answered_means_no_wrong_answer_rate() {
    let set = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", QUESTIONS)]);
    let report = report(set.path(), Retrieval::Hybrid, 0.0).await;
    assert_eq!(report.models[0].mean.coverage, Some(0.0));
    assert_eq!(report.models[0].mean.wrong_answer_rate, None);
    assert!(table(&report).contains(" - "), "{}", table(&report));
}

/// Otherwise a sweep would tell of decisions that nobody ever gets.
#[tokio::test]
async fn thresholds_applied_afterwards_decide_as_the_engine_did() {
    for (shop, risk_target) in [("shop-zh", 0.2), ("shop-en", 0.02)] {
        let report = report(&own("datasets").join(shop), Retrieval::Hybrid, risk_target).await;
        let set = &report.models[0].sets[0];
        let at = |value| Probability::new(value).unwrap();
        let policy = AnswerPolicy::new(at(set.calibration.answer_at), at(set.calibration.clarify_at));
        for outcome in &set.outcomes {
            assert_eq!(outcome.basis.band(policy), outcome.judged.decision, "{}", outcome.judged.text);
        }
        let point = set.sweep.iter().find(|point| point.risk_target == risk_target).unwrap();
        assert_eq!((point.coverage, point.clarify_rate), (set.metrics.coverage, set.metrics.clarify_rate));
        assert_eq!(point.clarify_success, set.metrics.clarify_success);
        assert_eq!(point.wrong_answer_interval, set.metrics.wrong_answer_interval);
    }
}

#[tokio::test]
async fn one_question_is_taken_apart() {
    let set = LabelledSet::load(&own("datasets/shop-en"), None).unwrap();
    let options = options(Retrieval::Hybrid, 0.05);
    let explained = explain("how do I return my order?", &set, &embedder(), &options).await.unwrap();
    let best = &explained.candidates[0];
    let log_odds = |of: fn(&FeatureWeight) -> f64| {
        let added = |weight: &FeatureWeight| of(weight) * f64::from(best.value(weight.name).unwrap());
        of(&explained.intercept) + explained.weights.iter().map(added).sum::<f64>()
    };
    let chance = |log_odds: f64| 1.0 / (1.0 + (-log_odds).exp());
    let against = |log_odds: f64| (-log_odds).exp();
    let not_near = log_odds(|weight| weight.not_near);
    let not_far = log_odds(|weight| weight.not_far);
    let scope = 1.0 / (1.0 + against(not_near) + against(not_far));
    let right = scope * chance(log_odds(|weight| weight.right));
    let score = (right / (1.0 - right)).ln();
    assert!((score - f64::from(best.score)).abs() < 1e-3, "{score} is not {}", best.score);
    let text = explained.text();
    for part in ["decision", &explained.why, &best.entry_id, "score_margin", "weight"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let nothing = explain("😀", &set, &embedder(), &options).await.unwrap_err();
    assert!(matches!(nothing, eval::Error::Answer(answer::Error::Question(_))), "{nothing}");
}

#[tokio::test]
async fn a_knowledge_base_tells_what_to_expect_of_it() {
    let set = LabelledSet::load(&own("datasets/shop-en"), None).unwrap();
    let options = options(Retrieval::Hybrid, 0.05);
    let embedder = embedder();
    let calibrated = calibrate(&set, &embedder, &options).await.unwrap();
    assert_eq!((calibrated.entries, calibrated.phrasings), (30, 182));
    assert!(calibrated.text().contains("expected: answered"), "{}", calibrated.text());
    let traffic = Traffic { questions_per_hour: 600.0, agent_minutes: 5.0 };
    let staffing = staffing(&set, &embedder, &options, traffic).await.unwrap();
    assert_eq!(staffing.len(), RISK_TARGETS.len());
    let at_five = staffing.iter().find(|row| row.risk_target == 0.05).unwrap();
    assert_eq!(at_five.automatic, calibrated.report.forecast.answer);
    for pair in staffing.windows(2) {
        assert!(pair[0].automatic <= pair[1].automatic, "more risk never answers less: {staffing:?}");
    }
}

#[tokio::test]
async fn a_set_without_an_answerable_question_has_no_hit_rate() {
    let set = folder(&[("shop.jsonl", AUTHORED)]);
    let report = report(&set.path().join("shop.jsonl"), Retrieval::Dense, 1.0).await;
    assert_eq!((report.models[0].mean.hit_at_1, report.models[0].mean.mrr), (None, None));
    assert_eq!(report.models[0].sets[0].questions, 2);
}
