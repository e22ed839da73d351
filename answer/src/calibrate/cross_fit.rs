//! Fitting, with every sample judged by a fit that had not seen it. Pure.

use super::{
    Calibrator, Weights,
    isotonic::{Isotonic, Judged},
    logistic::FitSample,
    samples::Sample,
};
use crate::Probability;

/// Parts that are held out in turn.
const FOLDS: usize = 5;
/// Pull towards the shipped belief, as if about this many samples had spoken for it.
const PENALTY: f64 = 8.0;

/// A fit, and what it says about samples that it had not seen.
pub(super) struct CrossFit {
    /// Fitted to all samples.
    pub(super) calibrator: Calibrator,
    /// For each sample, the probability by a calibrator that was fitted without its group.
    pub(super) held_out: Vec<Probability>,
}

impl CrossFit {
    /// `weights` belong to `samples`, one each; `holds` says what is predicted.
    pub(super) fn new(
        samples: &[Sample],
        weights: &[f64],
        prior: &Weights,
        holds: impl Fn(&Sample) -> bool,
    ) -> Self {
        let fit_sample = |(sample, weight): (&Sample, &f64)| FitSample {
            features: sample.features,
            holds: holds(sample),
            weight: *weight,
        };
        let all: Vec<FitSample> = samples.iter().zip(weights).map(fit_sample).collect();
        let folds: Vec<usize> = samples.iter().map(|sample| sample.group % FOLDS).collect();
        let judged = judge(&all, &folds, prior);
        let straight: Vec<Probability> =
            judged.iter().map(|judged| Probability::from_log_odds(judged.score)).collect();
        let bent = bend(&judged, &folds);
        let weights = Weights::fit(&all, prior, PENALTY);
        if helps(&judged, &straight, &bent) {
            let isotonic = Isotonic::fit(&judged);
            Self { calibrator: Calibrator { weights, isotonic }, held_out: bent }
        } else {
            Self { calibrator: Calibrator { weights, isotonic: None }, held_out: straight }
        }
    }
}

/// The log-odds of each sample by weights fitted to the other folds.
fn judge(all: &[FitSample], folds: &[usize], prior: &Weights) -> Vec<Judged> {
    let fitted: Vec<Weights> =
        (0..FOLDS).map(|fold| Weights::fit(&outside(all, folds, fold), prior, PENALTY)).collect();
    let judge = |(sample, fold): (&FitSample, &usize)| Judged {
        score: fitted[*fold].log_odds(&sample.features),
        holds: sample.holds,
        weight: sample.weight,
    };
    all.iter().zip(folds).map(judge).collect()
}

/// The probability of each sample by a correction fitted to the other folds.
fn bend(judged: &[Judged], folds: &[usize]) -> Vec<Probability> {
    let fitted: Vec<Option<Isotonic>> =
        (0..FOLDS).map(|fold| Isotonic::fit(&outside(judged, folds, fold))).collect();
    let probability = |(judged, fold): (&Judged, &usize)| match &fitted[*fold] {
        Some(isotonic) => isotonic.probability(judged.score),
        None => Probability::from_log_odds(judged.score),
    };
    judged.iter().zip(folds).map(probability).collect()
}

fn outside<T: Clone>(all: &[T], folds: &[usize], fold: usize) -> Vec<T> {
    all.iter().zip(folds).filter(|(_, own)| **own != fold).map(|(item, _)| item.clone()).collect()
}

/// Whether `bent` is nearer to what was true than `straight`: the mean gain in squared distance (Brier) is above twice its
/// standard error. A correction that gains less follows the chances of few samples, step by step.
fn helps(judged: &[Judged], straight: &[Probability], bent: &[Probability]) -> bool {
    let squared = |truth: f64, probability: &Probability| (truth - f64::from(probability.value())).powi(2);
    let gains = judged.iter().zip(straight.iter().zip(bent)).map(|(judged, (straight, bent))| {
        let truth = if judged.holds { 1.0 } else { 0.0 };
        (judged.weight, squared(truth, straight) - squared(truth, bent))
    });
    let (mut gain, mut spread) = (0.0, 0.0);
    for (weight, gained) in gains {
        gain += weight * gained;
        spread += (weight * gained).powi(2);
    }
    gain > 2.0 * spread.sqrt()
}
