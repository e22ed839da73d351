//! Figures against values worked out by hand or by Python (scikit-learn 1.9, SciPy 1.17; the calls stand beside them).

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod bands;
mod comparing;
mod confidence;
mod curves;
mod ranking;
mod reports;

use answer::Guard;
use eval::{Band, Basis, Considered, Judged, Metrics, Outcome, Spent, WeighedFeature};

/// A question that expects entry `a`, whose ranking had it at `rank`.
fn in_scope(rank: Option<usize>, confidence: f32, decision: Band) -> Judged {
    let best = if rank == Some(1) { "a" } else { "b" };
    Judged {
        text: "怎么退款".to_owned(),
        expected: Some("a".to_owned()),
        note: None,
        decision,
        best: Some(best.to_owned()),
        confidence,
        in_scope: confidence,
        rank,
        offered: false,
        milliseconds: Spent { total: 1.0, embed: Some(0.25), retrieve: Some(0.75) },
    }
}

/// A question for a human; `note` is `near`, `far` or nothing.
fn out_of_scope(note: Option<&str>, confidence: f32, decision: Band) -> Judged {
    Judged { expected: None, note: note.map(str::to_owned), ..in_scope(None, confidence, decision) }
}

fn metrics(judged: &[Judged]) -> Metrics {
    Metrics::of(&judged.iter().collect::<Vec<_>>())
}

/// `judged` with candidates of these entries, feature values and falling confidence.
fn outcome(judged: Judged, candidates: &[(&str, f32)]) -> Outcome {
    let considered = candidates.iter().enumerate().map(|(position, (entry, value))| Considered {
        entry_id: (*entry).to_owned(),
        question: format!("{entry} <标准问>"),
        matched_question: format!("{entry} & 相似问"),
        confidence: judged.confidence / (position + 1) as f32,
        score: 0.0,
        guards: vec![Guard::Number],
        features: [("cosine", *value), ("meaning", 2.0 * value), ("words", 0.5)]
            .map(|(name, value)| WeighedFeature { name, value, effect: None })
            .into(),
    });
    Outcome {
        candidates: considered.collect(),
        why: "because <so>".to_owned(),
        basis: Basis::NOTHING,
        weighed: None,
        judged,
    }
}

#[track_caller]
fn assert_near(found: Option<f64>, expected: f64) {
    assert!((found.unwrap() - expected).abs() < 1e-6, "{found:?} is not {expected}");
}
