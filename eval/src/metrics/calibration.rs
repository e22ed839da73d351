//! Whether a confidence comes true as often as it says.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::share::mean;
use crate::Judged;

/// Questions of similar confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// How many.
    pub questions: usize,
    /// Their mean confidence.
    pub confidence: f64,
    /// The share of them whose best candidate is the expected entry.
    pub right: f64,
}

/// Bins of the reliability diagram.
const BINS: usize = 10;

/// Bins of about equally many questions, least confident first, as in Nguyen and O'Connor 2015. Equal confidences stay
/// together, so there may be fewer than ten bins.
pub(super) fn reliability(judged: &[&Judged]) -> Vec<ReliabilityBin> {
    binned(&sorted(judged), BINS)
}

fn sorted(judged: &[&Judged]) -> Vec<(f32, bool)> {
    let mut sorted: Vec<(f32, bool)> =
        judged.iter().map(|judged| (judged.confidence, judged.is_hit())).collect();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    sorted
}

fn binned(sorted: &[(f32, bool)], count: usize) -> Vec<ReliabilityBin> {
    let mut bins = Vec::with_capacity(count);
    let mut start = 0;
    for bin in 1..=count {
        let mut end = (sorted.len() * bin / count).max(start);
        while end > start && end < sorted.len() && sorted[end].0 == sorted[end - 1].0 {
            end += 1;
        }
        bins.extend(bin_of(&sorted[start..end]));
        start = end;
    }
    bins
}

/// Mean over the questions of the distance between a bin's confidence and its share of right ones, over the largest
/// number of bins whose shares still rise: ECE_SWEEP of Roelofs et al., Mitigating Bias in Calibration Error Estimation,
/// 2022. A fixed number of bins finds an error even in a perfect confidence when there are few questions.
pub(super) fn ece(judged: &[&Judged]) -> Option<f64> {
    sweep(&sorted(judged))
}

/// The calibration error that a perfect confidence stays below in 95 of 100 samples: the questions keep their
/// confidences, and whether each is right is drawn with that chance.
pub(super) fn ece_by_chance(judged: &[&Judged]) -> Option<f64> {
    let mut drawn = sorted(judged);
    let mut chance = ChaCha8Rng::seed_from_u64(SEED);
    let mut errors = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        for (confidence, right) in &mut drawn {
            *right = chance.random_bool(f64::from(*confidence).clamp(0.0, 1.0));
        }
        errors.push(sweep(&drawn)?);
    }
    errors.sort_by(f64::total_cmp);
    errors.get(DRAWS * 95 / 100).copied()
}

/// Fixed, so that the same outcomes always give the same figure.
const SEED: u64 = 20_220_328;
const DRAWS: usize = 400;

fn sweep(sorted: &[(f32, bool)]) -> Option<f64> {
    let rises = |bins: &[ReliabilityBin]| bins.windows(2).all(|pair| pair[0].right <= pair[1].right);
    let counts = 1..=sorted.len().min(MOST_BINS);
    let bins = counts.map(|count| binned(sorted, count)).take_while(|bins| rises(bins)).last()?;
    let distance = |bin: &ReliabilityBin| bin.questions as f64 * (bin.confidence - bin.right).abs();
    Some(bins.iter().map(distance).sum::<f64>() / sorted.len() as f64)
}

/// No set has enough questions for more.
const MOST_BINS: usize = 100;

/// Brier 1950, for two classes.
pub(super) fn brier(judged: &[&Judged]) -> Option<f64> {
    mean(judged.iter().map(|judged| (f64::from(judged.confidence) - truth(judged.is_hit())).powi(2)))
}

fn bin_of(questions: &[(f32, bool)]) -> Option<ReliabilityBin> {
    Some(ReliabilityBin {
        questions: questions.len(),
        confidence: mean(questions.iter().map(|(confidence, _)| f64::from(*confidence)))?,
        right: mean(questions.iter().map(|(_, right)| truth(*right)))?,
    })
}

fn truth(right: bool) -> f64 {
    if right { 1.0 } else { 0.0 }
}
