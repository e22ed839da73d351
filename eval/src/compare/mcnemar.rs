//! Whether two runs differ on yes-or-no outcomes of the same questions.

use serde::Serialize;
use statrs::distribution::{Binomial, DiscreteCDF as _};

/// McNemar's test (1947) with exact binomial probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct McNemar {
    /// Questions that only the new run got right.
    pub gained: u64,
    /// Questions that only the old run got right.
    pub lost: u64,
    /// Chance of so uneven a split, or a more uneven one, if both runs were equally good.
    pub p_value: f64,
}

impl McNemar {
    /// Over pairs of (new right, old right); `None` without a pair.
    pub(super) fn of(pairs: impl Iterator<Item = (bool, bool)>) -> Option<Self> {
        let (mut any, mut gained, mut lost) = (false, 0, 0);
        for (new, old) in pairs {
            any = true;
            gained += u64::from(new && !old);
            lost += u64::from(old && !new);
        }
        any.then(|| Self { gained, lost, p_value: two_sided(gained, lost) })
    }
}

fn two_sided(gained: u64, lost: u64) -> f64 {
    match Binomial::new(0.5, gained + lost) {
        Ok(fair) if gained + lost > 0 => (2.0 * fair.cdf(gained.min(lost))).min(1.0),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `scipy.stats.binomtest(min(b, c), b + c, 0.5).pvalue`, SciPy 1.17.1.
    #[test]
    fn p_values_are_those_of_scipy() {
        for (gained, lost, expected) in [
            (10, 3, 0.09228515625),
            (0, 5, 0.0625),
            (7, 7, 1.0),
            (0, 1, 1.0),
            (25, 40, 0.08168153394154003),
            (0, 0, 1.0),
        ] {
            let p = two_sided(gained, lost);
            assert!((p - expected).abs() < 1e-9, "{gained} {lost}: {p}");
        }
    }
}
