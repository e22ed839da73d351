//! How long questions took.

use serde::{Deserialize, Serialize};

use super::share::mean;
use crate::Judged;

/// From text to decision, and by stage, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// From text to decision.
    #[serde(flatten)]
    pub total: Percentiles,
    /// Waiting for and computing the question's vector.
    pub embed: Option<Percentiles>,
    /// Candidates, confidence, decision.
    pub retrieve: Option<Percentiles>,
}

/// Percentiles in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the questions took at most this.
    pub p50: f64,
    /// 99 of 100 took at most this.
    pub p99: f64,
}

pub(super) fn of(judged: &[&Judged]) -> Option<Latency> {
    let stage =
        |time: fn(&Judged) -> Option<f64>| Percentiles::of(judged.iter().copied().filter_map(time).collect());
    Some(Latency {
        total: stage(|judged| Some(judged.milliseconds.total))?,
        embed: stage(|judged| judged.milliseconds.embed),
        retrieve: stage(|judged| judged.milliseconds.retrieve),
    })
}

impl Latency {
    /// The mean of each percentile; `None` of nothing.
    pub(super) fn mean(latencies: &[Self]) -> Option<Self> {
        Some(Self {
            total: Percentiles::mean(latencies.iter().map(|latency| latency.total))?,
            embed: Percentiles::mean(latencies.iter().filter_map(|latency| latency.embed)),
            retrieve: Percentiles::mean(latencies.iter().filter_map(|latency| latency.retrieve)),
        })
    }
}

impl Percentiles {
    fn of(mut times: Vec<f64>) -> Option<Self> {
        times.sort_by(f64::total_cmp);
        Some(Self { p50: percentile(&times, 0.5)?, p99: percentile(&times, 0.99)? })
    }

    fn mean(percentiles: impl Iterator<Item = Self> + Clone) -> Option<Self> {
        Some(Self {
            p50: mean(percentiles.clone().map(|times| times.p50))?,
            p99: mean(percentiles.map(|times| times.p99))?,
        })
    }
}

/// The smallest value that at least `share` of the sorted `times` do not exceed (nearest rank).
fn percentile(times: &[f64], share: f64) -> Option<f64> {
    let rank = (times.len() as f64 * share).ceil() as usize;
    times.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_rank() {
        let times: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!((percentile(&times, 0.5), percentile(&times, 0.99)), (Some(100.0), Some(198.0)));
        assert_eq!(percentile(&[7.0], 0.99), Some(7.0));
        assert_eq!(percentile(&[], 0.5), None);
    }
}
