//! What the operator states; thresholds follow from it.

use crate::Probability;

/// The share of automatic answers that may be wrong, and of questions asked back whose options may all be wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RiskTarget {
    answers: Probability,
    options: Probability,
}

/// Asking back in vain costs the customer a moment, a wrong answer more: this many times the risk is accepted…
const OPTIONS_FACTOR: f32 = 6.0;
/// … but not more than this, or asking back would be a nuisance.
const MOST_OPTIONS_RISK: f32 = 0.3;

impl RiskTarget {
    /// `answers` is the accepted share of wrong automatic answers, 0 to 1; `None` for anything else, NaN included. 0
    /// stays 0: then nothing is answered that is not certain. Of the questions asked back, six times that share, at most
    /// 0.3, may find no right option.
    #[must_use]
    pub fn new(answers: f32) -> Option<Self> {
        let answers = Probability::new(answers)?;
        let options =
            Probability::new((answers.value() * OPTIONS_FACTOR).min(MOST_OPTIONS_RISK).max(answers.value()))?;
        Some(Self { answers, options })
    }

    /// The same with another accepted share of questions asked back in vain.
    #[must_use]
    pub fn with_options(self, options: Probability) -> Self {
        Self { options, ..self }
    }

    /// The accepted share of wrong automatic answers.
    #[must_use]
    pub fn value(self) -> f32 {
        self.answers.value()
    }

    /// The accepted share of questions asked back whose right entry is not among the options.
    #[must_use]
    pub fn options(self) -> f32 {
        self.options.value()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_of_zero_stays_zero() {
        let target = RiskTarget::new(0.0).unwrap();
        assert_eq!((target.value(), target.options()), (0.0, 0.0));
    }

    #[test]
    fn only_shares_are_targets() {
        for value in [-0.01, 1.01, f32::NAN] {
            assert_eq!(RiskTarget::new(value), None);
        }
        assert_eq!(RiskTarget::new(1.0).map(RiskTarget::value), Some(1.0));
    }

    #[test]
    fn asking_back_may_fail_more_often_than_answering() {
        let options = |value| RiskTarget::new(value).unwrap().options();
        assert!((options(0.03) - 0.18).abs() < 1e-6);
        assert_eq!((options(0.2), options(0.5)), (MOST_OPTIONS_RISK, 0.5));
        let set = RiskTarget::new(0.05).unwrap().with_options(Probability::ZERO);
        assert_eq!((set.value(), set.options()), (0.05, 0.0));
    }
}
