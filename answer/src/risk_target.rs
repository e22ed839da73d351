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
