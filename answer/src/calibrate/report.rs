//! What a calibration tells an operator.

use serde::Serialize;

use super::{
    Belief, Calibration, HeldOut, Thresholds, Weights,
    risk::{CONFIDENCE, failing_at_most},
    samples::Origin,
};
use crate::{AnswerPolicy, Band, RiskTarget};

/// What was learned, from how much, and what to expect. Expectations are about traffic of which the share
/// [`BuildOptions::out_of_scope`](crate::BuildOptions::out_of_scope) has no entry: most of that near the business, the rest
/// about something else.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// The accepted share of wrong automatic answers.
    pub risk_target: f32,
    /// The accepted share of questions asked back in vain.
    pub options_risk_target: f32,
    /// Where both the confidence and the chance that some entry is meant reach this, the best entry answers.
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
    /// What each feature adds per unit to the log-odds that a candidate is right, where some entry is meant.
    pub weights: Vec<NamedWeight>,
    /// To the log-odds that some entry is meant, and not something near the business without one.
    pub near_weights: Vec<NamedWeight>,
    /// To the log-odds that some entry is meant, and not something else altogether.
    pub far_weights: Vec<NamedWeight>,
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
    /// As in [`FEATURE_NAMES`](crate::FEATURE_NAMES).
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
        let thresholds = self.thresholds(target);
        let policy = thresholds.policy;
        let count = |origin| self.held_out.iter().filter(|held_out| held_out.sample.origin == origin).count();
        CalibrationReport {
            risk_target: target.value(),
            options_risk_target: target.options(),
            answer_at: policy.answer_at().value(),
            clarify_at: policy.clarify_at().value(),
            answers_supported: thresholds.answers_shown,
            options_supported: thresholds.options_shown,
            confidence_level: CONFIDENCE,
            fitted: self.is_fitted(),
            isotonic: self.answer.is_some(),
            in_scope: count(Origin::InScope),
            near: count(Origin::Near),
            far: count(Origin::Far),
            labelled: count(Origin::Labelled),
            forecast: self.forecast_at(policy),
            weights: self.named_weights(|belief| &belief.right),
            near_weights: self.named_weights(|belief| &belief.not_near),
            far_weights: self.named_weights(|belief| &belief.not_far),
            remarks: self.remarks(&thresholds),
        }
    }

    fn named_weights(&self, of: fn(&Belief) -> &Weights) -> Vec<NamedWeight> {
        let both = of(&self.belief).named().zip(of(Belief::shipped()).named());
        both.map(|((name, weight), (_, shipped))| NamedWeight { name, weight, shipped }).collect()
    }

    fn remarks(&self, thresholds: &Thresholds) -> Vec<String> {
        let mut remarks = Vec::new();
        if !self.is_fitted() {
            remarks.push(format!(
                "Fewer than {} phrasings could be tested, so the shipped weights and cautious thresholds are used: add \
                 similar phrasings or labelled questions.",
                super::FEWEST_SAMPLES
            ));
        } else if !thresholds.answers_shown {
            remarks.push(
                "The knowledge base's own questions cannot show that any threshold keeps the risk target, so a cautious \
                 one is used and more is handed over."
                    .to_owned(),
            );
        }
        if !thresholds.options_shown {
            remarks.push(
                "They cannot show that asking back finds the right entry often enough, so only questions that look out of \
                 scope keep it from happening."
                    .to_owned(),
            );
        }
        remarks
    }

    /// What to expect at `target`, from questions that the fit had not seen. Without in-scope questions of its own a
    /// knowledge base can say nothing about its answers; the shares are then those of questions out of scope.
    #[must_use]
    pub fn forecast(&self, target: RiskTarget) -> BandForecast {
        self.forecast_at(self.policy(target))
    }

    fn forecast_at(&self, policy: AnswerPolicy) -> BandForecast {
        let in_band =
            |band| self.held_out.iter().filter(move |held_out: &&HeldOut| held_out.band(policy) == band);
        let all = weight(self.held_out.iter());
        let answered = weight(in_band(Band::Answer));
        let wrong = weight(in_band(Band::Answer).filter(|held_out| !held_out.sample.right));
        let clarified = weight(in_band(Band::Clarify));
        let offered = weight(in_band(Band::Clarify).filter(|held_out| held_out.sample.offered));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        BandForecast {
            answer: share(answered, all),
            clarify: share(clarified, all),
            hand_off: share(all - answered - clarified, all),
            wrong_answers: share(wrong, answered),
            wrong_answers_at_most: failing_at_most(
                in_band(Band::Answer).map(HeldOut::answer_trial),
                CONFIDENCE,
            ),
            clarify_success: share(offered, clarified),
        }
    }
}

fn weight<'a>(held_out: impl Iterator<Item = &'a HeldOut>) -> f64 {
    held_out.map(|held_out| held_out.weight).sum()
}
