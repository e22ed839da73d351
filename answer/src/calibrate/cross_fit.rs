//! Fitting, with every sample judged by a fit that had not seen it. Pure.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use super::{
    belief::{Belief, BeliefSample, Penalty},
    isotonic::{Isotonic, Judged},
    samples::{Origin, Sample},
};
use crate::Probability;

/// Parts that are held out in turn.
const FOLDS: usize = 5;
/// The shipped belief about near questions was learned from such that people asked, the knowledge base's own are phrasings
/// that lost their entry: they change it less. On the development industries 8 answers 11.6 % of the questions, 32 12.6 %, 128
/// 13.2 %, equally well calibrated; with 128 a hundred labels would hardly be heard.
const PENALTY: Penalty = Penalty { right: 8.0, not_near: 32.0, not_far: 8.0 };

/// A fit, and what it says about samples that it had not seen.
pub(super) struct CrossFit {
    /// Fitted to all samples.
    pub(super) belief: Belief,
    /// That the best candidate is right.
    pub(super) answer: Told,
    /// That some entry is meant.
    pub(super) scope: Told,
}

/// One of the two predictions.
pub(super) struct Told {
    /// From the belief's log-odds to a probability, where that helps.
    pub(super) isotonic: Option<Isotonic>,
    /// For each sample, the probability by a fit without its group.
    pub(super) held_out: Vec<Probability>,
}

impl CrossFit {
    /// `weights` belong to `samples`, one each.
    pub(super) fn new(samples: &[Sample], weights: &[f64], prior: &Belief) -> Self {
        let belief_sample = |(sample, weight): (&Sample, &f64)| BeliefSample {
            features: sample.features,
            truth: sample.truth(),
            weight: *weight,
        };
        let all: Vec<BeliefSample> = samples.iter().zip(weights).map(belief_sample).collect();
        // The same entry may have samples of several origins; topics are none of the knowledge.
        let group = |sample: &Sample| (sample.origin == Origin::Far, sample.group);
        let folds = folds(&samples.iter().map(group).collect::<Vec<_>>());
        let fitted: Vec<Belief> =
            (0..FOLDS).map(|fold| Belief::fit(&outside(&all, &folds, fold), prior, PENALTY)).collect();
        let told = |score: fn(&Belief, &BeliefSample) -> f32, holds: fn(&Sample) -> bool| {
            let judge = |((sample, own), fold): ((&BeliefSample, &Sample), &usize)| Judged {
                score: score(&fitted[*fold], sample),
                holds: holds(own),
                weight: sample.weight,
            };
            Told::of(&all.iter().zip(samples).zip(&folds).map(judge).collect::<Vec<_>>(), &folds)
        };
        Self {
            answer: told(|belief, sample| belief.answer(&sample.features), |sample| sample.right),
            scope: told(|belief, sample| belief.scope(&sample.features), |sample| sample.in_scope),
            belief: Belief::fit(&all, prior, PENALTY),
        }
    }
}

impl Told {
    fn of(judged: &[Judged], folds: &[usize]) -> Self {
        let straight: Vec<Probability> =
            judged.iter().map(|judged| Probability::from_log_odds(judged.score)).collect();
        let bent = bend(judged, folds);
        if helps(judged, &straight, &bent) {
            Self { isotonic: Isotonic::fit(judged), held_out: bent }
        } else {
            Self { isotonic: None, held_out: straight }
        }
    }
}

/// The part that each sample is held out with, by its group of a kind. The groups of a kind are dealt out in turn: whatever
/// was left out of the knowledge or of the topics before, all parts get as many of each.
fn folds<K: Copy + Ord + Hash>(groups: &[(K, usize)]) -> Vec<usize> {
    let all: BTreeSet<(K, usize)> = groups.iter().copied().collect();
    let mut dealt: HashMap<K, usize> = HashMap::new();
    let deal = |(kind, group): (K, usize)| {
        let rank = dealt.entry(kind).or_default();
        *rank += 1;
        ((kind, group), (*rank - 1) % FOLDS)
    };
    let folds: HashMap<(K, usize), usize> = all.into_iter().map(deal).collect();
    groups.iter().map(|group| folds[group]).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_gets_as_many_of_each_kind() {
        // Every fifteenth topic, every second entry with three samples each.
        let topics = (0..40).map(|number| (true, 15 * number));
        let entries = (0..150).map(|number| (false, 2 * (number / 3)));
        let groups: Vec<(bool, usize)> = topics.chain(entries).collect();
        let folds = folds(&groups);
        for fold in 0..FOLDS {
            let of = |range: std::ops::Range<usize>| folds[range].iter().filter(|own| **own == fold).count();
            assert_eq!((of(0..40), of(40..190)), (8, 30));
        }
        assert!(folds[40..].chunks(3).all(|entry| entry.iter().all(|fold| *fold == entry[0])));
    }
}
