//! Outcomes to figures. Pure.

use serde::Serialize;

use crate::{Band, Outcome};

/// Figures of one set, or means over several. A figure is `None` when nothing was asked that could tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// Share of the in-scope questions whose entry came first, 0 to 1.
    pub hit_at_1: Option<f64>,
    /// … among the first three.
    pub hit_at_3: Option<f64>,
    /// … among the first five.
    pub hit_at_5: Option<f64>,
    /// Mean of 1 / rank over the in-scope questions, 0 for an entry that was not among the first ten.
    pub mrr: Option<f64>,
    /// Share of all questions that were answered automatically.
    pub coverage: Option<f64>,
    /// Share of the automatic answers that were wrong.
    pub wrong_answer_rate: Option<f64>,
    /// From text to decision.
    pub latency_ms: Option<Latency>,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// Half of the questions took at most this.
    pub p50: f64,
    /// 99 of 100 took at most this.
    pub p99: f64,
}

impl Metrics {
    /// Figures over `outcomes`; all `None` when there is none.
    #[must_use]
    pub fn of(outcomes: &[Outcome]) -> Self {
        let in_scope: Vec<&Outcome> =
            outcomes.iter().filter(|outcome| outcome.question.expected.is_some()).collect();
        let hit_at = |depth| share(&in_scope, |outcome| outcome.rank().is_some_and(|rank| rank <= depth));
        let answered: Vec<&Outcome> =
            outcomes.iter().filter(|outcome| outcome.band == Band::Answer).collect();
        Self {
            hit_at_1: hit_at(1),
            hit_at_3: hit_at(3),
            hit_at_5: hit_at(5),
            mrr: mean(in_scope.iter().map(|outcome| outcome.rank().map_or(0.0, |rank| 1.0 / rank as f64))),
            coverage: (!outcomes.is_empty()).then(|| answered.len() as f64 / outcomes.len() as f64),
            wrong_answer_rate: share(&answered, |outcome| outcome.is_wrong_answer()),
            latency_ms: latency(outcomes),
        }
    }

    /// The mean of each figure over the sets that have it: every set counts the same, whatever its size.
    #[must_use]
    pub fn mean(sets: &[&Self]) -> Self {
        let over = |figure: fn(&Self) -> Option<f64>| mean(sets.iter().filter_map(|set| figure(set)));
        let p50 = over(|set| set.latency_ms.map(|latency| latency.p50));
        let p99 = over(|set| set.latency_ms.map(|latency| latency.p99));
        Self {
            hit_at_1: over(|set| set.hit_at_1),
            hit_at_3: over(|set| set.hit_at_3),
            hit_at_5: over(|set| set.hit_at_5),
            mrr: over(|set| set.mrr),
            coverage: over(|set| set.coverage),
            wrong_answer_rate: over(|set| set.wrong_answer_rate),
            latency_ms: p50.zip(p99).map(|(p50, p99)| Latency { p50, p99 }),
        }
    }
}

fn share(outcomes: &[&Outcome], holds: impl Fn(&Outcome) -> bool) -> Option<f64> {
    mean(outcomes.iter().map(|outcome| if holds(outcome) { 1.0 } else { 0.0 }))
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0usize, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / count as f64)
}

fn latency(outcomes: &[Outcome]) -> Option<Latency> {
    let mut times: Vec<f64> = outcomes.iter().map(|outcome| outcome.milliseconds).collect();
    times.sort_by(f64::total_cmp);
    Some(Latency { p50: percentile(&times, 0.5)?, p99: percentile(&times, 0.99)? })
}

/// The smallest value that at least `share` of the sorted `times` do not exceed (nearest rank).
fn percentile(times: &[f64], share: f64) -> Option<f64> {
    let rank = (times.len() as f64 * share).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use answer::{Candidate, Probability};

    use super::*;
    use crate::LabelledQuestion;

    fn outcome(expected: Option<&str>, ranking: &[&str], band: Band) -> Outcome {
        let candidate = |id: &&str| Candidate {
            entry_id: (*id).to_owned(),
            question: String::new(),
            matched_question: String::new(),
            confidence: Probability::ZERO,
        };
        Outcome {
            question: LabelledQuestion {
                text: "?".to_owned(),
                expected: expected.map(str::to_owned),
                note: None,
            },
            band,
            candidates: ranking.iter().map(candidate).collect(),
            milliseconds: 1.0,
        }
    }

    #[test]
    fn figures_follow_their_definitions() {
        let metrics = Metrics::of(&[
            outcome(Some("a"), &["a", "b"], Band::Answer),
            outcome(Some("a"), &["b", "a"], Band::Answer),
            outcome(Some("a"), &["b", "c", "d", "a"], Band::Clarify),
            outcome(Some("a"), &[], Band::HandOff),
            outcome(None, &["a"], Band::Answer),
            outcome(None, &["a"], Band::HandOff),
        ]);
        assert_eq!(metrics.hit_at_1, Some(0.25));
        assert_eq!(metrics.hit_at_3, Some(0.5));
        assert_eq!(metrics.hit_at_5, Some(0.75));
        assert_eq!(metrics.mrr, Some((1.0 + 0.5 + 0.25) / 4.0));
        assert_eq!(metrics.coverage, Some(0.5));
        assert_eq!(metrics.wrong_answer_rate, Some(2.0 / 3.0));
    }

    #[test]
    fn what_cannot_be_told_is_absent() {
        assert_eq!(Metrics::of(&[]), Metrics::default());
        let only_out_of_scope = Metrics::of(&[outcome(None, &["a"], Band::HandOff)]);
        assert_eq!((only_out_of_scope.hit_at_1, only_out_of_scope.wrong_answer_rate), (None, None));
        assert_eq!(only_out_of_scope.coverage, Some(0.0));
    }

    #[test]
    fn percentiles_are_nearest_rank() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((percentile(&times, 0.5), percentile(&times, 0.99)), (Some(100.0), Some(198.0)));
        assert_eq!(percentile(&[7.0], 0.99), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }

    #[test]
    fn every_set_counts_the_same_in_a_mean() {
        let (low, high) = (
            Metrics { mrr: Some(0.2), ..Metrics::default() },
            Metrics { mrr: Some(0.6), ..Metrics::default() },
        );
        assert_eq!(Metrics::mean(&[&low, &high, &Metrics::default()]).mrr, Some(0.4));
    }
}
