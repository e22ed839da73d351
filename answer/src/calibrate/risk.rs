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

/// Thresholds tried, evenly spaced in the share of questions above them.
const STEPS: usize = 50;

/// The loosest threshold at or above which the share of failing trials is at most `target`, with [`CONFIDENCE`]. `None`
/// when the trials cannot show it for any.
///
/// Learn then Test (Angelopoulos et al., 2021, fixed sequence testing): thresholds are tested one after the other, each
/// at the full level, until one fails; the order depends on the probabilities alone, not on what was true. It starts,
/// among the thresholds with enough trials to show anything, where the probabilities themselves promise the smallest
/// bound, and goes on to looser ones. The test is the
/// Clopper–Pearson bound; unequal weights enter by the effective number of trials (Kish, Survey Sampling, 1965).
pub(crate) fn threshold(trials: &[Trial], target: f32) -> Option<f32> {
    let mut sorted: Vec<Trial> = trials.to_vec();
    sorted.sort_by(|left, right| right.probability.total_cmp(&left.probability));
    let steps: Vec<Step> = steps(&sorted);
    let telling = steps.iter().enumerate().filter(|(_, step)| step.flawless <= f64::from(target));
    let safest = telling.min_by(|left, right| left.1.promised.total_cmp(&right.1.promised))?.0;
    let passing = steps[safest..].iter().take_while(|step| step.bound <= f64::from(target));
    passing.last().map(|step| step.threshold)
}

struct Step {
    threshold: f32,
    /// The bound if no trial failed.
    flawless: f64,
    /// The bound that the probabilities promise.
    promised: f64,
    /// The bound that what was true gives.
    bound: f64,
}

/// `sorted` by falling probability. Equal probabilities are never torn apart.
fn steps(sorted: &[Trial]) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut sums, mut next) = (Sums::default(), 1);
    for (index, trial) in sorted.iter().enumerate() {
        sums.add(trial);
        let ends_a_tie = sorted.get(index + 1).is_none_or(|after| after.probability < trial.probability);
        if ends_a_tie && (index + 1) * STEPS >= next * sorted.len() {
            next = (index + 1) * STEPS / sorted.len() + 1;
            steps.push(Step {
                threshold: trial.probability,
                flawless: sums.bound(0.0),
                promised: sums.bound(sums.doubt),
                bound: sums.bound(sums.failing),
            });
        }
    }
    steps
}

#[derive(Default)]
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

    fn bound(&self, failing: f64) -> f64 {
        if self.squares <= 0.0 {
            return 1.0;
        }
        let effective = self.weight.powi(2) / self.squares;
        upper_bound(effective * failing / self.weight, effective, CONFIDENCE)
    }
}

/// The upper Clopper–Pearson bound for a share of which `failing` among `trials` were seen: the smallest share under
/// which so few would be seen with probability 1 - `confidence` at most (Biometrika 26, 1934). 1 for no trials.
pub(crate) fn upper_bound(failing: f64, trials: f64, confidence: f64) -> f64 {
    if trials <= failing {
        return 1.0;
    }
    Beta::new(failing + 1.0, trials - failing).map_or(1.0, |beta| beta.inverse_cdf(confidence))
}

#[cfg(test)]
mod tests {
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
            .map(|probability| Trial { probability, holds: holds(probability), weight: 1.0 })
            .collect()
    }

    #[test]
    fn the_threshold_lies_where_failures_begin() {
        let found = threshold(&trials(2_000, |probability| probability >= 0.6), 0.05).unwrap();
        assert!((0.55..0.61).contains(&found), "{found}");
    }

    #[test]
    fn too_few_trials_show_nothing() {
        assert_eq!(threshold(&trials(30, |_| true), 0.05), None);
        assert_eq!(threshold(&[], 0.05), None);
        assert!(threshold(&trials(100, |_| true), 0.05).is_some());
    }

    #[test]
    fn a_smaller_target_never_lowers_the_threshold() {
        let holds = |probability: f32| probability > 0.9 || !((probability * 1e3) as usize).is_multiple_of(7);
        let trials = trials(3_000, holds);
        let found: Vec<Option<f32>> =
            [0.01, 0.03, 0.05, 0.1, 0.2].into_iter().map(|target| threshold(&trials, target)).collect();
        let thresholds: Vec<f32> = found.iter().map(|found| found.unwrap_or(1.1)).collect();
        assert!(thresholds.windows(2).all(|pair| pair[0] >= pair[1]), "{thresholds:?}");
    }
}
