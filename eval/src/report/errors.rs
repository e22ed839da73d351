//! A question that went wrong, and what misled the engine.

use serde::Serialize;

use crate::{Band, Considered, Outcome};

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
    candidates: &'a [Considered],
    misled: Vec<Misleading>,
}

/// A feature in which the best candidate is ahead of the expected entry.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Misleading {
    /// The feature's name.
    pub(super) feature: &'static str,
    /// Of the candidate that came first.
    pub(super) best: f32,
    /// Of the expected entry.
    pub(super) expected: f32,
}

/// Candidates shown per error.
pub(super) const SHOWN: usize = 5;
/// Features named per error.
const MISLEADING: usize = 5;

impl<'a> ErrorLine<'a> {
    pub(super) fn new(model: &'a str, set: &'a str, outcome: &'a Outcome) -> Self {
        let judged = &outcome.judged;
        Self {
            model,
            set,
            text: &judged.text,
            expected: judged.expected.as_deref(),
            note: judged.note.as_deref(),
            decision: judged.decision,
            rank: judged.rank,
            confidence: judged.confidence,
            candidates: shown(outcome),
            misled: misleading(outcome),
        }
    }
}

/// The best candidates of `outcome`.
pub(super) fn shown(outcome: &Outcome) -> &[Considered] {
    &outcome.candidates[..outcome.candidates.len().min(SHOWN)]
}

/// The features that differ most between the wrong best candidate and the expected entry, largest first. Empty when
/// the expected entry is not among the candidates.
pub(super) fn misleading(outcome: &Outcome) -> Vec<Misleading> {
    let expected = outcome.judged.rank.and_then(|rank| outcome.candidates.get(rank - 1));
    let (Some(best), Some(expected)) = (outcome.candidates.first(), expected) else { return Vec::new() };
    if outcome.judged.is_hit() {
        return Vec::new();
    }
    let pairs = best.features.0.iter().filter_map(|&(feature, best)| {
        Some(Misleading { feature, best, expected: expected.features.get(feature)? })
    });
    let mut ahead: Vec<Misleading> = pairs.filter(|feature| feature.best != feature.expected).collect();
    ahead.sort_by(|left, right| right.distance().total_cmp(&left.distance()));
    ahead.truncate(MISLEADING);
    ahead
}

impl Misleading {
    fn distance(&self) -> f32 {
        (self.best - self.expected).abs()
    }
}
