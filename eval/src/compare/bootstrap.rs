//! How far a difference between two runs would move if other questions of the same kind had been asked.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::{FIGURES, Figure, Interval, Judged};

/// Fixed, so that the same reports always compare alike.
const SEED: u64 = 20_240_501;
const RESAMPLES: usize = 2_000;

/// 95 % intervals of "new less old", one per entry of [`FIGURES`]: percentiles of 2,000 paired resamples (Efron 1979).
/// A resample that cannot tell a figure is left out of its interval. Empty without a pair.
pub(super) fn differences(pairs: &[(&Judged, &Judged)]) -> Vec<Option<Interval>> {
    if pairs.is_empty() {
        return Vec::new();
    }
    let mut chance = ChaCha8Rng::seed_from_u64(SEED);
    let mut differences: Vec<Vec<f64>> = FIGURES.iter().map(|_| Vec::with_capacity(RESAMPLES)).collect();
    for _ in 0..RESAMPLES {
        let drawn = (0..pairs.len()).map(|_| pairs[chance.random_range(0..pairs.len())]);
        let (new, old): (Vec<&Judged>, Vec<&Judged>) = drawn.unzip();
        for (figure, differences) in FIGURES.iter().zip(&mut differences) {
            differences.extend(difference(figure, &new, &old));
        }
    }
    differences.into_iter().map(|mut differences| Interval::of_resamples(&mut differences)).collect()
}

fn difference(figure: &Figure, new: &[&Judged], old: &[&Judged]) -> Option<f64> {
    Some(figure.measure(new)? - figure.measure(old)?)
}
