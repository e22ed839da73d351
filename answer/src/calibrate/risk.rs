//! From held-out questions to a threshold whose risk is bounded. Pure.

use statrs::distribution::{Beta, ContinuousCDF};

/// A held-out question: what the calibration said, and what was true.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Trial {
    /// What is compared with the threshold.
    pub(crate) probability: f32,
    pub(crate) holds: bool,
    /// How many questions of the expected traffic it stands for.
    pub(crate) weight: f64,
}

/// The chance that a threshold keeps its promise: 9 of 10 knowledge bases.
pub(crate) const CONFIDENCE: f64 = 0.9;

/// The part of a target that a threshold is asked to keep on held-out phrasings. Customers ask otherwise than editors
/// write, and what they ask outside the knowledge can lie nearer to it than one entry to the next.
const RESERVE: f64 = 0.8;

/// Thresholds tested, told by the share of failures that the probabilities promise there, as parts of the target.
const PROMISES: [f64; 6] = [0.25, 0.4, 0.55, 0.7, 0.85, 1.0];

/// The loosest threshold at or above which the share of failing trials is at most [`RESERVE`] of `target`, with [`CONFIDENCE`]. `None`
/// when the trials cannot show it for any.
///
/// Learn then Test (Angelopoulos et al., 2021) with Bonferroni's correction: a few thresholds are chosen by the
/// probabilities alone, not by what was true, and each is tested at its part of the level, so that with [`CONFIDENCE`] none
/// passes wrongly. The test is the Clopper–Pearson bound; unequal weights enter by the effective number of trials (Kish,
/// Survey Sampling, 1965).
pub(crate) fn threshold(trials: &[Trial], target: f32) -> Option<f32> {
    let mut sorted: Vec<Trial> = trials.to_vec();
    sorted.sort_by(|left, right| right.probability.total_cmp(&left.probability));
    let steps = steps(&sorted);
    let target = RESERVE * f64::from(target);
    let confidence = 1.0 - (1.0 - CONFIDENCE) / PROMISES.len() as f64;
    let chosen = PROMISES.iter().filter_map(|part| steps.iter().rfind(|step| step.promised <= part * target));
    chosen.filter(|step| step.sums.bound(confidence) <= target).map(|step| step.threshold).reduce(f32::min)
}

/// A threshold for when [`threshold`] shows none: the probabilities promise that it keeps three quarters of `target` on
/// average, and the trials at or above it, if there are any, do not make it three times likelier that it fails `target`
/// than that it keeps it. Above all trials when they do for each of them. A stricter target never gives a lower threshold:
/// whatever it accepts, a looser one accepts too.
pub(crate) fn cautious(trials: &[Trial], target: f32) -> f32 {
    let floor = (1.0 - CAUTION * target).max(0.0);
    let mut above: Vec<Trial> = trials.iter().filter(|trial| trial.probability >= floor).copied().collect();
    if above.is_empty() {
        return floor;
    }
    above.sort_by(|left, right| right.probability.total_cmp(&left.probability));
    let steps = steps(&above);
    let kept = steps.iter().rposition(|step| step.sums.at_least(THREE_TO_ONE) <= f64::from(target));
    match kept {
        Some(last) if last + 1 == steps.len() => floor,
        // Just above the first that is not let through, as a looser target would have it at most.
        Some(step) => steps[step + 1].threshold.next_up().min(1.0),
        None => steps[0].threshold.next_up().min(1.0),
    }
}

/// Odds as a probability.
const THREE_TO_ONE: f64 = 0.75;

/// Probabilities spread evenly from 1 - 1.5 target to 1 fail 0.75 target on average.
const CAUTION: f32 = 1.5;

/// All trials at or above a threshold.
struct Step {
    threshold: f32,
    /// The share of failures that the probabilities promise.
    promised: f64,
    sums: Sums,
}

/// One per probability that occurs, from the highest; equal probabilities are never torn apart. `sorted` falls.
fn steps(sorted: &[Trial]) -> Vec<Step> {
    let mut sums = Sums::default();
    let mut steps = Vec::new();
    for tied in sorted.chunk_by(|left, right| left.probability == right.probability) {
        tied.iter().for_each(|trial| sums.add(trial));
        steps.push(Step { threshold: tied[0].probability, promised: sums.doubt / sums.weight, sums });
    }
    steps
}

/// The upper bound of the failing share of all `trials`, with `confidence`. 1 for none.
pub(crate) fn failing_at_most(trials: impl Iterator<Item = Trial>, confidence: f64) -> f64 {
    let mut sums = Sums::default();
    trials.for_each(|trial| sums.add(&trial));
    sums.bound(confidence)
}

#[derive(Clone, Copy, Default)]
struct Sums {
    weight: f64,
    squares: f64,
    failing: f64,
    doubt: f64,
}

impl Sums {
    fn add(&mut self, trial: &Trial) {
        self.weight += trial.weight;
        self.squares += trial.weight.powi(2);
        self.failing += if trial.holds { 0.0 } else { trial.weight };
        self.doubt += trial.weight * (1.0 - f64::from(trial.probability));
    }

    /// The upper bound of the failing share.
    fn bound(&self, confidence: f64) -> f64 {
        let (failing, trials) = self.effective();
        upper_bound(failing, trials, confidence)
    }

    /// The lower bound of the failing share.
    fn at_least(&self, confidence: f64) -> f64 {
        let (failing, trials) = self.effective();
        1.0 - upper_bound(trials - failing, trials, confidence)
    }

    /// Failing trials and all trials, as many of equal weight as tell the same.
    fn effective(&self) -> (f64, f64) {
        if self.squares <= 0.0 {
            return (0.0, 0.0);
        }
        let effective = self.weight.powi(2) / self.squares;
        (effective * self.failing / self.weight, effective)
    }
}

/// The upper Clopper–Pearson bound for a share of which `failing` among `trials` were seen: the smallest share under
/// which so few would be seen with probability 1 - `confidence` at most (Biometrika 26, 1934). 1 for no trials.
fn upper_bound(failing: f64, trials: f64, confidence: f64) -> f64 {
    if trials <= failing {
        return 1.0;
    }
    Beta::new(failing + 1.0, trials - failing).map_or(1.0, |beta| beta.inverse_cdf(confidence))
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn bounds_are_those_of_scipy() {
        // scipy.stats.beta.ppf(c, k + 1, n - k)
        for (failing, trials, confidence, expected) in [
            (0.0, 45.0, 0.9, 0.049_881_6),
            (0.0, 59.0, 0.95, 0.049_506_9),
            (2.0, 100.0, 0.95, 0.061_621_3),
            (5.0, 10.0, 0.9, 0.732_669_8),
        ] {
            let bound = upper_bound(failing, trials, confidence);
            assert!((bound - expected).abs() < 1e-4, "{failing} of {trials}: {bound}");
        }
        assert_eq!(upper_bound(0.0, 0.0, 0.9), 1.0);
        assert_eq!(upper_bound(3.0, 3.0, 0.9), 1.0);
    }

    fn trials(count: usize, holds: impl Fn(f32) -> bool) -> Vec<Trial> {
        (0..count)
            .map(|index| index as f32 / count as f32)
            .map(|share| Trial { probability: 0.9 + share / 10.0, holds: holds(share), weight: 1.0 })
            .collect()
    }

    #[test]
    fn failures_that_the_probabilities_hide_raise_the_threshold() {
        let honest = threshold(&trials(2_000, |_| true), 0.05).unwrap();
        let hidden = threshold(&trials(2_000, |share| share >= 0.5), 0.05).unwrap();
        assert!(honest < hidden && hidden > 0.95, "{honest} {hidden}");
        assert_eq!(threshold(&trials(2_000, |_| false), 0.05), None);
    }

    #[test]
    fn too_few_trials_show_nothing() {
        assert_eq!(threshold(&trials(30, |_| true), 0.05), None);
        assert_eq!(threshold(&[], 0.05), None);
        assert!(threshold(&trials(200, |_| true), 0.05).is_some());
    }

    #[test]
    fn without_proof_the_threshold_is_cautious() {
        assert!((cautious(&[], 0.1) - 0.85).abs() < 1e-6);
        assert!((cautious(&trials(20, |_| true), 0.1) - 0.9).abs() < 0.06);
        // The lower half fails: only the upper half is let through.
        assert!(cautious(&trials(200, |share| share >= 0.5), 0.1) > 0.93);
        // One failure among few shows nothing.
        assert!(cautious(&trials(20, |share| share < 0.94), 0.1) < 0.91);
        // All fail: only what is surer than each of them is let through.
        assert!(cautious(&trials(200, |_| false), 0.1) > 0.9994);
        assert_eq!(cautious(&[], 0.0), 1.0);
    }

    /// Few of the surest hold, many of the less sure fail: the looser target lets these in before they are looked at.
    #[test]
    fn a_stricter_target_is_never_answered_more() {
        let (sure, less) = (0.99, 0.94);
        let trial = |probability, holds| Trial { probability, holds, weight: 1.0 };
        let mut trials = vec![trial(sure, true); 20];
        trials.extend(vec![trial(less, false); 100]);
        assert_eq!(threshold(&trials, 0.1), None);
        let thresholds = [0.1, 0.05, 0.02, 0.01].map(|target| cautious(&trials, target));
        assert!(thresholds.is_sorted(), "{thresholds:?}");
        assert!(thresholds[0] > less && thresholds[0] < sure, "{thresholds:?}");
    }

    #[test]
    fn weight_is_no_evidence() {
        let trial = |weight| Trial { probability: 1.0, holds: true, weight };
        for weight in [0.5, 1.0, 2.0] {
            let bound = failing_at_most(std::iter::repeat_n(trial(weight), 45), 0.9);
            assert!((bound - 0.049_881_6).abs() < 1e-6, "{weight}: {bound}");
        }
        assert_eq!(failing_at_most(std::iter::empty(), 0.9), 1.0);
    }

    /// Trials as wrong as they say: in at least nine of ten draws the true risk at the threshold keeps the target, even less
    /// its reserve.
    #[test]
    fn the_target_is_kept_as_often_as_stated() {
        let mut random = ChaCha8Rng::seed_from_u64(7);
        let (draws, mut kept, mut found) = (300, 0, 0);
        for _ in 0..draws {
            let drawn: Vec<Trial> = (0..800)
                .map(|_| {
                    let probability: f32 = random.random_range(0.6..1.0);
                    Trial { probability, holds: random.random_bool(f64::from(probability)), weight: 1.0 }
                })
                .collect();
            let threshold = threshold(&drawn, 0.1);
            found += usize::from(threshold.is_some());
            // The mean of 1 - p over p from the threshold to 1.
            let keeps = |threshold: f32| f64::from((1.0 - threshold) / 2.0) <= RESERVE * 0.1;
            kept += usize::from(threshold.is_none_or(keeps));
        }
        assert!(kept * 10 >= draws * 9, "kept in {kept} of {draws}");
        assert!(found * 2 > draws, "found in {found} of {draws}");
    }
}
