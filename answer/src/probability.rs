//! The only number about certainty that leaves this crate.

use serde::{Deserialize, Serialize};

/// The chance that an answer is right, 0 to 1, greater is surer.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Probability(f32);

impl Probability {
    /// No chance at all.
    pub const ZERO: Self = Self(0.0);
    /// Certainty.
    pub const ONE: Self = Self(1.0);
    /// A tenth.
    pub(crate) const ONE_IN_TEN: Self = Self(0.1);

    /// `value` if it lies in 0..=1; `None` for anything else, NaN included.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The logistic function of `log_odds`; NaN becomes 0.
    #[must_use]
    pub fn from_log_odds(log_odds: f32) -> Self {
        Self::new(1.0 / (1.0 + (-log_odds).exp())).unwrap_or(Self::ZERO)
    }

    /// The value, 0 to 1.
    #[must_use]
    pub fn value(self) -> f32 {
        self.0
    }
}

impl TryFrom<f32> for Probability {
    type Error = String;

    fn try_from(value: f32) -> Result<Self, Self::Error> {
        Self::new(value).ok_or_else(|| format!("a probability lies between 0 and 1, found {value}"))
    }
}

impl From<Probability> for f32 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_values_between_zero_and_one_are_probabilities() {
        assert_eq!(Probability::new(0.3).map(Probability::value), Some(0.3));
        for value in [-0.001, 1.001, f32::NAN, f32::INFINITY] {
            assert_eq!(Probability::new(value), None);
        }
    }

    #[test]
    fn log_odds_map_to_the_logistic_curve() {
        assert_eq!(Probability::from_log_odds(0.0).value(), 0.5);
        assert_eq!(Probability::from_log_odds(-1000.0).value(), 0.0);
        assert_eq!(Probability::from_log_odds(1000.0).value(), 1.0);
        assert_eq!(Probability::from_log_odds(f32::NAN), Probability::ZERO);
    }
}
