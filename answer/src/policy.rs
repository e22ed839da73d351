//! From a probability to a band. Pure.

use crate::{Error, Probability, Result};

/// Two thresholds make three bands: answer, ask back, hand over.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnswerPolicy {
    answer_at: Probability,
    clarify_at: Probability,
}

/// The three bands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Band {
    Answer,
    Clarify,
    HandOff,
}

impl AnswerPolicy {
    /// # Errors
    /// [`Error::InvalidOption`] when `clarify_at` lies above `answer_at`.
    pub fn new(answer_at: Probability, clarify_at: Probability) -> Result<Self> {
        if clarify_at > answer_at {
            let reason = format!("{} lies above answer_at {}", clarify_at.value(), answer_at.value());
            return Err(Error::InvalidOption { name: "clarify_at", reason });
        }
        Ok(Self { answer_at, clarify_at })
    }

    /// At or above this the best entry answers.
    #[must_use]
    pub fn answer_at(&self) -> Probability {
        self.answer_at
    }

    /// At or above this, and below [`answer_at`](Self::answer_at), the customer is asked which entry is meant.
    #[must_use]
    pub fn clarify_at(&self) -> Probability {
        self.clarify_at
    }

    /// The band of the best entry's probability.
    pub(crate) fn band(&self, confidence: Probability) -> Band {
        if confidence >= self.answer_at {
            Band::Answer
        } else if confidence >= self.clarify_at {
            Band::Clarify
        } else {
            Band::HandOff
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probability(value: f32) -> Probability {
        Probability::new(value).unwrap()
    }

    #[test]
    fn thresholds_belong_to_the_upper_band() {
        let policy = AnswerPolicy::new(probability(0.8), probability(0.4)).unwrap();
        for (confidence, band) in [
            (1.0, Band::Answer),
            (0.8, Band::Answer),
            (0.79, Band::Clarify),
            (0.4, Band::Clarify),
            (0.39, Band::HandOff),
        ] {
            assert_eq!(policy.band(probability(confidence)), band);
        }
    }

    #[test]
    fn crossed_thresholds_are_refused() {
        let error = AnswerPolicy::new(probability(0.3), probability(0.4)).unwrap_err();
        assert!(error.to_string().contains("clarify_at"), "{error}");
    }
}
