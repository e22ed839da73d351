//! A question that went wrong, and what misled the engine.

use serde::Serialize;

use crate::{Band, Considered, Outcome, SetReport, WeighedFeature};

/// A line of `errors.jsonl`.
#[derive(Serialize)]
pub(super) struct ErrorLine<'a> {
    model: &'a str,
    set: &'a str,
    text: &'a str,
    expected: Option<&'a str>,
    note: Option<&'a str>,
    decision: Band,
    rank: Option<usize>,
    confidence: f32,
    why: &'a str,
    candidates: &'a [Considered],
    misled: Vec<Misleading>,
}

/// A feature that speaks more for the wrong best candidate than for the expected entry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Misleading {
    /// The feature's name.
    pub(super) feature: &'static str,
    /// Of the candidate that came first.
    pub(super) best: f32,
    /// Of the expected entry.
    pub(super) expected: f32,
    /// By how much more log-odds it speaks for the best candidate.
    pub(super) push: f64,
}

/// Candidates shown per error.
pub(super) const SHOWN: usize = 5;
/// Features named per error.
const MISLEADING: usize = 5;

impl<'a> ErrorLine<'a> {
    pub(super) fn new(model: &'a str, set: &'a SetReport, outcome: &'a Outcome) -> Self {
        let judged = &outcome.judged;
        Self {
            model,
            set: &set.name,
            text: &judged.text,
            expected: judged.expected.as_deref(),
            note: judged.note.as_deref(),
            decision: judged.decision,
            rank: judged.rank,
            confidence: judged.confidence,
            why: &outcome.why,
            candidates: shown(outcome),
            misled: misleading(set, outcome),
        }
    }
}

/// The best candidates of `outcome`.
pub(super) fn shown(outcome: &Outcome) -> &[Considered] {
    &outcome.candidates[..outcome.candidates.len().min(SHOWN)]
}

/// The features that speak most for the wrong best candidate, largest first. Empty when the expected entry is not among
/// the candidates.
pub(super) fn misleading(set: &SetReport, outcome: &Outcome) -> Vec<Misleading> {
    let expected = outcome.judged.rank.and_then(|rank| outcome.candidates.get(rank - 1));
    let (Some(wrong), Some(right)) = (outcome.candidates.first(), expected) else { return Vec::new() };
    let pairs = wrong.features.iter().filter_map(|&WeighedFeature { name: feature, value: best, .. }| {
        let expected = right.value(feature)?;
        let push = f64::from(best - expected) * set.weight(feature)?;
        Some(Misleading { feature, best, expected, push })
    });
    let mut pushing: Vec<Misleading> = pairs.filter(|feature| feature.push > 0.0).collect();
    pushing.sort_by(|left, right| right.push.total_cmp(&left.push));
    pushing.truncate(MISLEADING);
    pushing
}
