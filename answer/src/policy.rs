//! From probabilities to a band. Pure.

use serde::{Deserialize, Serialize};

use crate::Probability;

/// Two thresholds make three bands: answer, ask back, hand over. Made by [`Calibration::policy`](crate::Calibration::policy)
/// from a risk target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerPolicy {
    answer_at: Probability,
    clarify_at: Probability,
}

/// The three bands: a decision without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// An entry answers.
    Answer,
    /// The customer is asked which entry is meant.
    Clarify,
    /// A human takes over.
    HandOff,
}

impl AnswerPolicy {
    /// The two are about different things, so either may be the greater.
    #[must_use]
    pub fn new(answer_at: Probability, clarify_at: Probability) -> Self {
        Self { answer_at, clarify_at }
    }

    /// The best entry answers where its chance of being right and the chance that some entry is meant both reach this.
    #[must_use]
    pub fn answer_at(&self) -> Probability {
        self.answer_at
    }

    /// Where nothing answers: at or above this chance that some entry is meant the customer is asked which.
    #[must_use]
    pub fn clarify_at(&self) -> Probability {
        self.clarify_at
    }

    /// The band of a best entry with this chance of being right, when some entry is meant with the chance `scope`.
    /// `may_answer` is false when a guard forbids it. Both chances must reach the threshold of an answer.
    #[must_use]
    pub fn band(&self, confidence: Probability, scope: Probability, may_answer: bool) -> Band {
        if may_answer && lesser(confidence, scope) >= self.answer_at {
            Band::Answer
        } else if scope >= self.clarify_at {
            Band::Clarify
        } else {
            Band::HandOff
        }
    }
}

/// What an answer is decided by: where perhaps nothing is meant, the best entry is no likelier to be right. The two are
/// corrected apart, so either may be the greater.
pub(crate) fn lesser(confidence: Probability, scope: Probability) -> Probability {
    if scope < confidence { scope } else { confidence }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probability(value: f32) -> Probability {
        Probability::new(value).unwrap()
    }

    #[test]
    fn thresholds_belong_to_the_upper_band() {
        let policy = AnswerPolicy::new(probability(0.8), probability(0.4));
        for (confidence, scope, may_answer, band) in [
            (1.0, 1.0, true, Band::Answer),
            (0.8, 0.8, true, Band::Answer),
            (1.0, 0.79, true, Band::Clarify),
            (1.0, 0.0, true, Band::HandOff),
            (0.79, 0.9, true, Band::Clarify),
            (0.9, 0.9, false, Band::Clarify),
            (0.1, 0.4, true, Band::Clarify),
            (0.1, 0.39, true, Band::HandOff),
            (0.9, 0.1, false, Band::HandOff),
        ] {
            assert_eq!(policy.band(probability(confidence), probability(scope), may_answer), band);
        }
    }

    #[test]
    fn a_threshold_of_zero_stays_zero() {
        let policy = AnswerPolicy::new(Probability::ZERO, Probability::ZERO);
        assert_eq!((policy.answer_at().value(), policy.clarify_at().value()), (0.0, 0.0));
        assert_eq!(policy.band(Probability::ZERO, Probability::ZERO, true), Band::Answer);
    }
}
