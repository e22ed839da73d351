//! How far a measured share may lie from the true one.

use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF as _};

/// Bounds of a figure that was measured on a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower bound.
    pub low: f64,
    /// Upper bound.
    pub high: f64,
}

/// Both tails together.
const OUTSIDE: f64 = 0.05;

impl Interval {
    /// The exact 95 % interval of Clopper and Pearson (1934) for `hits` of `trials`; `None` without a trial.
    #[must_use]
    pub fn of_share(hits: usize, trials: usize) -> Option<Self> {
        if trials == 0 || hits > trials {
            return None;
        }
        let misses = trials - hits;
        let quantile = |left: usize, right: usize, share: f64| {
            Beta::new(left as f64, right as f64).ok().map(|beta| beta.inverse_cdf(share))
        };
        let low = if hits == 0 { Some(0.0) } else { quantile(hits, misses + 1, OUTSIDE / 2.0) };
        let high = if misses == 0 { Some(1.0) } else { quantile(hits + 1, misses, 1.0 - OUTSIDE / 2.0) };
        Some(Self { low: low?, high: high? })
    }

    /// The middle 95 % of resampled values; `None` without any. Sorts `values`.
    pub(crate) fn of_resamples(values: &mut [f64]) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let at =
            |share: f64| values.get(((values.len().max(1) - 1) as f64 * share).round() as usize).copied();
        Some(Self { low: at(OUTSIDE / 2.0)?, high: at(1.0 - OUTSIDE / 2.0)? })
    }
}
