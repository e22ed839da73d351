//! What a calibration tells an operator.

use serde::Serialize;

use super::{
    Calibration, HeldOut,
    prior::Prior,
    risk::{CONFIDENCE, upper_bound},
    samples::Origin,
};
use crate::{FEATURE_NAMES, RiskTarget};

/// What was learned, from how much, and what to expect. Expectations are about traffic of which a tenth is out of
/// scope: most of that near the business, the rest about something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// The accepted share of wrong automatic answers.
    pub risk_target: f32,
    /// The accepted share of questions asked back in vain.
    pub options_risk_target: f32,
    /// At or above this confidence the best entry answers.
    pub answer_at: f32,
    /// At or above this chance that some entry is meant the customer is asked back.
    pub clarify_at: f32,
    /// Whether the knowledge base's own questions show that the answers keep the target.
    pub answers_supported: bool,
    /// Whether they show that asking back does.
    pub options_supported: bool,
    /// The chance that a threshold shown in this way keeps its target.
    pub confidence_level: f64,
    /// Whether weights were fitted to this knowledge base; else they are those shipped.
    pub fitted: bool,
    /// Whether log-odds are corrected by an isotonic step.
    pub isotonic: bool,
    /// Phrasings asked as if they were not there.
    pub in_scope: usize,
    /// Phrasings asked as if their entry were not there.
    pub near: usize,
    /// Questions about other topics.
    pub far: usize,
    /// Questions labelled by people.
    pub labelled: usize,
    /// What to expect at these thresholds.
    pub forecast: BandForecast,
    /// What each feature adds to the log-odds per unit.
    pub weights: Vec<NamedWeight>,
    /// For people: what is uncertain and what would help.
    pub remarks: Vec<String>,
}

/// Shares of the expected traffic, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct BandForecast {
    /// Answered automatically.
    pub answer: f64,
    /// Asked back.
    pub clarify: f64,
    /// Handed over.
    pub hand_off: f64,
    /// Of the automatic answers, the share that is wrong.
    pub wrong_answers: f64,
    /// Its upper bound.
    pub wrong_answers_at_most: f64,
    /// Of the questions asked back, the share whose right entry is offered.
    pub clarify_success: f64,
}

/// A feature's weight, as fitted and as shipped.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedWeight {
    /// As in [`FEATURE_NAMES`].
    pub name: &'static str,
    /// In force.
    pub weight: f64,
    /// Before this knowledge base was asked.
    pub shipped: f64,
}

impl Calibration {
    /// What was learned, and what to expect at `target`.
    #[must_use]
    pub fn report(&self, target: RiskTarget) -> CalibrationReport {
        let policy = self.policy(target);
        let answer_at = policy.answer_at().value();
        let count = |origin| self.held_out.iter().filter(|held_out| held_out.sample.origin == origin).count();
        let supported =
            (self.answer_threshold(target).is_some(), self.options_threshold(target, answer_at).is_some());
        CalibrationReport {
            risk_target: target.value(),
            options_risk_target: target.options(),
            answer_at,
            clarify_at: policy.clarify_at().value(),
            answers_supported: supported.0,
            options_supported: supported.1,
            confidence_level: CONFIDENCE,
            fitted: self.has_own_samples(),
            isotonic: self.answer.isotonic.is_some(),
            in_scope: count(Origin::InScope),
            near: count(Origin::Near),
            far: count(Origin::Far),
            labelled: count(Origin::Labelled),
            forecast: self.forecast(target),
            weights: self.named_weights(),
            remarks: self.remarks(supported),
        }
    }

    fn named_weights(&self) -> Vec<NamedWeight> {
        let shipped = &Prior::shipped().answer.features;
        let weights = self.answer.weights.features.iter().zip(shipped);
        FEATURE_NAMES
            .iter()
            .zip(weights)
            .map(|(name, (weight, shipped))| NamedWeight { name, weight: *weight, shipped: *shipped })
            .collect()
    }

    fn remarks(&self, (answers, options): (bool, bool)) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.has_own_samples() {
            remarks.push(format!(
                "Fewer than {} phrasings could be tested, so the shipped weights and cautious thresholds are used: add \
                 similar phrasings or labelled questions.",
                super::FEWEST_SAMPLES
            ));
        } else if !answers {
            remarks.push(
                "The knowledge base's own questions cannot show that any threshold keeps the risk target, so a cautious \
                 one is used and more is handed over."
                    .to_owned(),
            );
        }
        if !options {
            remarks.push(
                "They cannot show that asking back finds the right entry often enough, so it happens rarely."
                    .to_owned(),
            );
        }
        remarks
    }

    /// What to expect at `target`, from questions that the fit had not seen. Without in-scope questions of its own a
    /// knowledge base can say nothing about its answers; the shares are then those of questions out of scope.
    #[must_use]
    pub fn forecast(&self, target: RiskTarget) -> BandForecast {
        let policy = self.policy(target);
        let (answer_at, clarify_at) = (policy.answer_at().value(), policy.clarify_at().value());
        let answers = |held_out: &&HeldOut| !held_out.sample.guarded && held_out.answer >= answer_at;
        let clarifies = |held_out: &&HeldOut| !answers(held_out) && held_out.scope >= clarify_at;
        let all = weight(self.held_out.iter());
        let answered = weight(self.held_out.iter().filter(answers));
        let wrong = weight(self.held_out.iter().filter(answers).filter(|held_out| !held_out.sample.right));
        let clarified = weight(self.held_out.iter().filter(clarifies));
        let offered =
            weight(self.held_out.iter().filter(clarifies).filter(|held_out| held_out.sample.offered));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        BandForecast {
            answer: share(answered, all),
            clarify: share(clarified, all),
            hand_off: share(all - answered - clarified, all),
            wrong_answers: share(wrong, answered),
            wrong_answers_at_most: upper_bound(wrong, answered, CONFIDENCE),
            clarify_success: share(offered, clarified),
        }
    }
}

fn weight<'a>(held_out: impl Iterator<Item = &'a HeldOut>) -> f64 {
    held_out.map(|held_out| held_out.weight).sum()
}
