//! A monotone correction of log-odds: the pool-adjacent-violators algorithm, joined by straight lines. Pure.
//!
//! The one maintained crate for it is under the LGPL, which a single static binary cannot honour simply.

use crate::Probability;

/// A non-decreasing function from a score to a probability.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Isotonic {
    /// Ascending in both: mean score of a block, and its share of samples that hold.
    knots: Vec<(f32, f32)>,
}

/// A score whose outcome is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Judged {
    /// Log-odds.
    pub(crate) score: f32,
    pub(crate) holds: bool,
    pub(crate) weight: f64,
}

/// A block of neighbouring samples with one common share.
struct Block {
    score: f64,
    holding: f64,
    weight: f64,
}

impl Block {
    fn share(&self) -> f64 {
        self.holding / self.weight
    }

    fn absorb(&mut self, other: &Self) {
        let weight = self.weight + other.weight;
        self.score = (self.score * self.weight + other.score * other.weight) / weight;
        self.holding += other.holding;
        self.weight = weight;
    }
}

impl Isotonic {
    /// The non-decreasing step function closest to `samples` in weighted squares (Barlow et al., Statistical Inference
    /// under Order Restrictions, 1972), its steps joined at their mean scores. Each share is drawn a little to the middle,
    /// as if half a success and half a failure had been seen besides, so that no score is ever certain. `None` without
    /// samples.
    pub(crate) fn fit(samples: &[Judged]) -> Option<Self> {
        let mut sorted: Vec<&Judged> = samples.iter().filter(|sample| sample.weight > 0.0).collect();
        sorted.sort_by(|left, right| left.score.total_cmp(&right.score));
        let mut blocks: Vec<Block> = Vec::new();
        for sample in sorted {
            let holding = if sample.holds { sample.weight } else { 0.0 };
            blocks.push(Block { score: f64::from(sample.score), holding, weight: sample.weight });
            while let [.., before, last] = blocks.as_slice()
                && (before.share() >= last.share() || before.score >= last.score)
            {
                let Some(last) = blocks.pop() else { break };
                if let Some(before) = blocks.last_mut() {
                    before.absorb(&last);
                }
            }
        }
        let knot =
            |block: &Block| (block.score as f32, ((block.holding + 0.5) / (block.weight + 1.0)) as f32);
        let mut knots: Vec<(f32, f32)> = blocks.iter().map(knot).collect();
        // Drawing to the middle moves small blocks more than large ones: order is restored from below.
        for index in 1..knots.len() {
            knots[index].1 = knots[index].1.max(knots[index - 1].1);
        }
        (!knots.is_empty()).then_some(Self { knots })
    }

    /// Constant beyond the first and the last block.
    pub(crate) fn probability(&self, score: f32) -> Probability {
        let above = self.knots.partition_point(|(knot, _)| *knot <= score);
        let value =
            match (above.checked_sub(1).and_then(|index| self.knots.get(index)), self.knots.get(above)) {
                (Some((from, low)), Some((to, high))) => low + (high - low) * (score - from) / (to - from),
                (Some((_, share)), None) | (None, Some((_, share))) => *share,
                (None, None) => 0.0,
            };
        Probability::new(value).unwrap_or(Probability::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn judged(score: f32, holds: bool) -> Judged {
        Judged { score, holds, weight: 1.0 }
    }

    #[test]
    fn violators_are_pooled() {
        // sklearn IsotonicRegression on x = 1..6, y = 0 1 0 1 1 0 gives 0, 1/2, 1/2, 2/3, 2/3, 2/3.
        let samples: Vec<Judged> = [false, true, false, true, true, false]
            .iter()
            .zip(1u8..)
            .map(|(y, x)| judged(x.into(), *y))
            .collect();
        let fitted = Isotonic::fit(&samples).unwrap();
        let smoothed = |holding: f32, of: f32| (holding + 0.5) / (of + 1.0);
        assert_eq!(
            fitted.knots,
            [(1.0, smoothed(0.0, 1.0)), (2.5, smoothed(1.0, 2.0)), (5.0, smoothed(2.0, 3.0))]
        );
        assert_eq!(fitted.probability(0.0).value(), 0.25);
        assert_eq!(fitted.probability(9.0).value(), 0.625);
        assert_eq!(fitted.probability(1.75).value(), 0.375);
    }

    #[test]
    fn nothing_is_fitted_to_nothing() {
        assert_eq!(Isotonic::fit(&[]), None);
        assert_eq!(Isotonic::fit(&[Judged { weight: 0.0, ..judged(1.0, true) }]), None);
    }

    proptest! {
        #[test]
        fn probabilities_rise_with_the_score(
            samples in prop::collection::vec((-10.0f32..10.0, any::<bool>(), 0.1f64..3.0), 1..60),
            mut scores in prop::collection::vec(-20.0f32..20.0, 2..20),
        ) {
            let samples: Vec<Judged> =
                samples.into_iter().map(|(score, holds, weight)| Judged { score, holds, weight }).collect();
            let fitted = Isotonic::fit(&samples).unwrap();
            scores.sort_by(f32::total_cmp);
            let probabilities: Vec<f32> = scores.iter().map(|score| fitted.probability(*score).value()).collect();
            prop_assert!(probabilities.windows(2).all(|pair| pair[0] <= pair[1]), "{probabilities:?}");
            prop_assert!(probabilities.iter().all(|value| *value > 0.0 && *value < 1.0));
        }
    }
}
