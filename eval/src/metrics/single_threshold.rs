//! The best that one hand-picked threshold could have done, chosen with the answers known.

use serde::{Deserialize, Serialize};

use super::risk_coverage::{CurvePoint, Scored, by_confidence, curve};
use crate::{Judged, Outcome};

/// The threshold with the greatest coverage among those that keep the share of wrong answers within the risk target,
/// chosen with hindsight on the same questions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hindsight {
    /// `None` when no threshold keeps within the target.
    pub threshold: Option<f32>,
    /// Share of all questions that it answers, 0 without a threshold.
    pub coverage: f64,
    /// Share of these that are wrong.
    pub wrong_answer_rate: Option<f64>,
}

/// By the engine's confidence: what a calibration that knew the labels would reach.
pub(super) fn on_confidence(judged: &[&Judged], risk_target: f64) -> Hindsight {
    Hindsight::of(&curve(by_confidence(judged), judged.len()), risk_target)
}

/// By one feature alone, of the candidate that is best by it, as engines with a fixed threshold decide. `None` when no
/// candidate has the feature.
pub(super) fn on_feature(outcomes: &[Outcome], name: &str, risk_target: f64) -> Option<Hindsight> {
    let scored: Vec<Scored> = outcomes.iter().filter_map(|outcome| best_by(outcome, name)).collect();
    (!scored.is_empty()).then(|| Hindsight::of(&curve(scored, outcomes.len()), risk_target))
}

impl Hindsight {
    fn of(curve: &[CurvePoint], risk_target: f64) -> Self {
        // Coverage grows along the curve, so the last point within the target has the most.
        let best = curve.iter().rev().find(|point| point.wrong_answer_rate <= risk_target);
        Self {
            threshold: best.map(|point| point.threshold),
            coverage: best.map_or(0.0, |point| point.coverage),
            wrong_answer_rate: best.map(|point| point.wrong_answer_rate),
        }
    }
}

fn best_by(outcome: &Outcome, name: &str) -> Option<Scored> {
    let named = outcome
        .candidates
        .iter()
        .filter_map(|candidate| Some((candidate.value(name)?, candidate.entry_id.as_str())));
    // Of equal values the first counts: the candidate that the engine holds best.
    let (score, entry) = named.reduce(|best, next| if next.0 > best.0 { next } else { best })?;
    Some(Scored { score, wrong: outcome.judged.expected.as_deref() != Some(entry) })
}
