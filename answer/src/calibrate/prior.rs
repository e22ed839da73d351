//! What is believed about any knowledge base before it is asked: fitted on labelled ones, shipped with the program.

use std::sync::LazyLock;

use super::belief::Belief;
use crate::Probability;

/// Made by the example `fit_prior` of the crate `eval`; `answer/data/README.md` says from what.
static SHIPPED: LazyLock<Belief> = LazyLock::new(|| {
    let shipped = serde_json::from_str(include_str!("../../data/prior.json"));
    shipped.unwrap_or_else(|_| Belief::none())
});

impl Belief {
    /// The share of the questions out of scope in the traffic that the shipped one was fitted for (`MIXTURE` in `fit_prior`).
    pub(crate) const OUT_OF_SCOPE: Probability = Probability::ONE_IN_TEN;

    /// The one that the program is shipped with. Even odds in everything if it were damaged, which a test excludes.
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
        let Belief { right, not_near, not_far } = Belief::shipped();
        for weights in [right, not_near, not_far] {
            assert_eq!(weights.features.len(), FEATURE_COUNT);
            assert!(weights.features.iter().any(|weight| *weight != 0.0));
        }
    }
}
