//! What is believed about any knowledge base before it is asked: fitted on labelled ones, shipped with the program.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Weights;
use crate::Probability;

/// Beliefs about the two things that are predicted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// That the best candidate is right.
    pub answer: Weights,
    /// That some entry is meant.
    pub scope: Weights,
}

/// Made by the example `fit_prior` of the crate `eval`; `answer/data/README.md` says from what.
static SHIPPED: LazyLock<Prior> = LazyLock::new(|| {
    let shipped = serde_json::from_str(include_str!("../../data/prior.json"));
    shipped.unwrap_or_else(|_| Prior { answer: Weights::zero(), scope: Weights::zero() })
});

impl Prior {
    /// The share of the questions out of scope in the traffic that it was fitted for (`MIXTURE` in `fit_prior`).
    pub(crate) const OUT_OF_SCOPE: Probability = Probability::ONE_IN_TEN;

    /// The one that the program is shipped with. Even odds for everything if it were damaged, which a test excludes.
    pub(crate) fn shipped() -> &'static Self {
        &SHIPPED
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FEATURE_COUNT;

    #[test]
    fn what_is_shipped_can_be_read() {
        let Prior { answer, scope } = Prior::shipped();
        for weights in [answer, scope] {
            assert_eq!(weights.features.len(), FEATURE_COUNT);
            assert!(weights.features.iter().any(|weight| *weight != 0.0));
        }
    }
}
