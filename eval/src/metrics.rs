//! Outcomes to figures. Pure. One file of `metrics/` a subject.

mod bands;
mod calibration;
mod confusion;
mod curves;
mod figure;
mod histogram;
mod interval;
mod latency;
mod ranking;
mod risk_coverage;
mod separation;
mod share;
mod single_threshold;

use serde::{Deserialize, Serialize};

pub(crate) use self::share::mean;
pub use self::{
    calibration::ReliabilityBin,
    confusion::Confusion,
    curves::Curves,
    figure::{Better, FIGURES, Figure},
    histogram::{BINS as HISTOGRAM_BINS, Histograms},
    interval::Interval,
    latency::{Latency, Percentiles},
    risk_coverage::CurvePoint,
    single_threshold::Hindsight,
};
use crate::Judged;

/// Figures of one set, or means over several. A figure is `None` when nothing was asked that could tell.
///
/// "In scope" means that an entry is expected; what is out of scope is `far` when it is noted so, else `near`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metrics {
    /// Share of the in-scope questions whose entry came first, 0 to 1.
    pub hit_at_1: Option<f64>,
    /// … among the first three.
    pub hit_at_3: Option<f64>,
    /// … among the first five.
    pub hit_at_5: Option<f64>,
    /// Mean of 1 / rank over the in-scope questions, 0 for an entry that was not among the first ten.
    pub mrr: Option<f64>,
    /// Mean of 1 / log2(1 + rank) over the same: nDCG at 10 with one relevant entry a question.
    pub ndcg: Option<f64>,
    /// Share of all questions that were answered automatically.
    pub coverage: Option<f64>,
    /// Share of the automatic answers that were wrong.
    pub wrong_answer_rate: Option<f64>,
    /// The same with its uncertainty: exact (Clopper–Pearson) 95 % interval. `None` for a mean over sets.
    pub wrong_answer_interval: Option<Interval>,
    /// Share of all questions that were asked back.
    pub clarify_rate: Option<f64>,
    /// Share of the questions asked back whose expected entry was among the options.
    pub clarify_success: Option<f64>,
    /// Share of all questions that were handed over.
    pub handoff_rate: Option<f64>,
    /// Share of those handed over that had to be: out of scope, or the best candidate was wrong.
    pub handoff_precision: Option<f64>,
    /// Share of the questions noted `near` (or without note) out of scope that were handed over.
    pub handoff_recall_near: Option<f64>,
    /// … of those noted `far`.
    pub handoff_recall_far: Option<f64>,
    /// Chance that an in-scope question is thought likelier to be in scope than a `near` one; equal counts half.
    pub auroc_near: Option<f64>,
    /// … than a `far` one.
    pub auroc_far: Option<f64>,
    /// Expected calibration error of the best candidate's confidence as the chance that it is the expected entry, over
    /// all questions: ECE_SWEEP, over as many bins of equally many questions as still rise.
    pub ece: Option<f64>,
    /// What a perfect confidence stays below in 95 of 100 such samples: less than that proves no error. `None` for a mean
    /// over sets.
    pub ece_by_chance: Option<f64>,
    /// Mean squared distance of that confidence from what came true (1 or 0).
    pub brier: Option<f64>,
    /// From text to decision, and by stage.
    pub latency_ms: Option<Latency>,
}

impl Metrics {
    /// Figures over `judged`; all `None` when there is none.
    #[must_use]
    pub fn of(judged: &[&Judged]) -> Self {
        Self { ece_by_chance: calibration::ece_by_chance(judged), ..Self::without_chance(judged) }
    }

    /// The same but for what chance would show, which takes longer than all other figures together.
    pub(crate) fn without_chance(judged: &[&Judged]) -> Self {
        let mut metrics = Self {
            wrong_answer_interval: bands::wrong_answer_interval(judged),
            latency_ms: latency::of(judged),
            ..Self::default()
        };
        for figure in &FIGURES {
            figure.set(&mut metrics, figure.measure(judged));
        }
        metrics
    }

    /// The mean of each figure over the sets that have it: every set counts the same, whatever its size.
    #[must_use]
    pub fn mean(sets: &[&Self]) -> Self {
        let latencies: Vec<Latency> = sets.iter().filter_map(|set| set.latency_ms).collect();
        let mut mean = Self { latency_ms: Latency::mean(&latencies), ..Self::default() };
        for figure in &FIGURES {
            figure.set(&mut mean, share::mean(sets.iter().filter_map(|set| figure.of(set))));
        }
        mean
    }
}
