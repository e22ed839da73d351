//! Logits of cross-encoders agree with transformers and sentence-transformers to 1e-4.
//!
//! `tests/parity/<name>-cross/` holds a small model with random weights and the logits that Python computed with it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use inference::{
    CrossEncoder, ModelFiles, ModelOptions, PairInput, Reranker, RerankerOptions, load_cross_encoder,
};
use serde::Deserialize;

const TOLERANCE: f32 = 1e-4;
const CHECKPOINTS: [&str; 2] = ["bert-cross", "xlm-roberta-cross"];

#[derive(Deserialize)]
struct Expected {
    cases: Vec<Case>,
    truncate: Truncated,
}

#[derive(Deserialize)]
struct Truncated {
    max_tokens: usize,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    question: String,
    passage: String,
    logit: f32,
}

fn folder(checkpoint: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity").join(checkpoint)
}

fn expected(checkpoint: &str) -> Expected {
    let bytes = fs::read(folder(checkpoint).join("expected.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

fn load(checkpoint: &str, options: &ModelOptions) -> Arc<dyn CrossEncoder> {
    load_cross_encoder(&ModelFiles::open(&folder(checkpoint)).unwrap(), options).unwrap()
}

/// One by one, then all in one batch that pads the shorter ones. Returns the worst difference.
fn worst_difference(what: &str, model: &dyn CrossEncoder, cases: &[Case]) -> f32 {
    let inputs: Vec<PairInput> =
        cases.iter().map(|case| model.tokenize(&case.question, &case.passage).unwrap()).collect();
    let alone: Vec<f32> =
        inputs.iter().flat_map(|input| model.score(std::slice::from_ref(input)).unwrap()).collect();
    let alone = checked_difference(&format!("{what}, alone"), cases, &alone);
    alone.max(checked_difference(&format!("{what}, in a batch"), cases, &model.score(&inputs).unwrap()))
}

fn checked_difference(what: &str, cases: &[Case], logits: &[f32]) -> f32 {
    assert_eq!(logits.len(), cases.len(), "{what}");
    let differences = cases.iter().zip(logits).map(|(case, logit)| {
        let difference = (logit - case.logit).abs();
        let Case { question, passage, .. } = case;
        assert!(difference <= TOLERANCE, "{what}: {question:?} {passage:?} differs by {difference}");
        difference
    });
    differences.fold(0.0, f32::max)
}

#[test]
fn logits_agree_with_python_alone_and_in_a_padded_batch() {
    for checkpoint in CHECKPOINTS {
        let cases = expected(checkpoint).cases;
        assert!(cases.len() >= 12, "{checkpoint}: only {} pairs", cases.len());
        for reference in [false, true] {
            let model = load(checkpoint, &ModelOptions { reference, ..ModelOptions::default() });
            let worst = worst_difference(checkpoint, &*model, &cases);
            println!("{checkpoint}: {} pairs differ by at most {worst:e}", cases.len());
        }
    }
}

#[test]
fn logits_of_truncated_pairs_agree_with_python() {
    for checkpoint in CHECKPOINTS {
        let Truncated { max_tokens, cases } = expected(checkpoint).truncate;
        let model =
            load(checkpoint, &ModelOptions { max_tokens: Some(max_tokens), ..ModelOptions::default() });
        assert_eq!(model.info().max_tokens, max_tokens);
        let worst = worst_difference(&format!("{checkpoint} cut at {max_tokens}"), &*model, &cases);
        println!("{checkpoint}: {} truncated pairs differ by at most {worst:e}", cases.len());
    }
}

#[test]
fn only_bert_tells_the_texts_of_a_pair_apart() {
    let segments = |checkpoint| {
        let input = load(checkpoint, &ModelOptions::default()).tokenize("退款", "退 refund").unwrap();
        assert_eq!(input.segments.len(), input.token_ids.len());
        input.segments
    };
    // [CLS] 退 款 [SEP], then 退 refund [SEP].
    assert_eq!(segments("bert-cross"), [0, 0, 0, 0, 1, 1, 1]);
    assert!(segments("xlm-roberta-cross").iter().all(|segment| *segment == 0));
}

#[tokio::test]
async fn a_reranker_gives_the_same_logits_in_the_order_given_whatever_its_batches() {
    for checkpoint in CHECKPOINTS {
        let model = load(checkpoint, &ModelOptions::default());
        let question = "怎么退款";
        let passages: Vec<String> = expected(checkpoint).cases.into_iter().map(|case| case.passage).collect();
        let alone: Vec<f32> = passages
            .iter()
            .flat_map(|passage| model.score(&[model.tokenize(question, passage).unwrap()]).unwrap())
            .collect();
        for token_budget in [1, 100, 10_000] {
            let options = RerankerOptions { token_budget, ..RerankerOptions::default() };
            let reranker = Reranker::start(Arc::clone(&model), &options).unwrap();
            let scores = reranker.score(question, passages.clone()).await.unwrap();
            assert_eq!(scores.len(), alone.len());
            let worst = scores.iter().zip(&alone).map(|(score, alone)| (score - alone).abs());
            assert!(worst.fold(0.0, f32::max) < 1e-5, "{checkpoint}, {token_budget}: {scores:?} {alone:?}");
            assert_eq!(reranker.stats().scored, passages.len() as u64);
        }
    }
}
