//! What other risk targets would have decided, from one pass of questions.

use answer::{Calibration, RiskTarget};
use serde::Serialize;

use crate::{Grid, Interval, Judged, Metrics, ModelReport, Outcome, metrics::mean, tables};

/// One set at one risk target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct SweepPoint {
    /// The accepted share of wrong automatic answers.
    pub risk_target: f32,
    /// From this confidence on the best entry answers.
    pub answer_at: f32,
    /// From this chance on that some entry is meant the customer is asked back.
    pub clarify_at: f32,
    /// Share of all questions that are answered.
    pub coverage: Option<f64>,
    /// Share of the answers that are wrong.
    pub wrong_answer_rate: Option<f64>,
    /// Its exact 95 % interval.
    pub wrong_answer_interval: Option<Interval>,
    /// Share of all questions that are asked back.
    pub clarify_rate: Option<f64>,
    /// Share of these with the expected entry among the options.
    pub clarify_success: Option<f64>,
    /// Share of all questions that are handed over.
    pub handoff_rate: Option<f64>,
    /// The coverage that the calibration foretold.
    pub forecast_coverage: f64,
    /// The share of wrong answers that it foretold.
    pub forecast_wrong_answer_rate: f64,
}

/// The targets that are looked at when none are named.
pub const RISK_TARGETS: [f32; 6] = [0.01, 0.02, 0.03, 0.05, 0.1, 0.2];

/// One point per target, in their order.
pub(crate) fn sweep(
    outcomes: &[Outcome],
    calibration: &Calibration,
    targets: &[RiskTarget],
) -> Vec<SweepPoint> {
    targets.iter().map(|target| point(outcomes, calibration, *target)).collect()
}

fn point(outcomes: &[Outcome], calibration: &Calibration, target: RiskTarget) -> SweepPoint {
    let (policy, forecast) = (calibration.policy(target), calibration.forecast(target));
    let judged: Vec<Judged> =
        outcomes.iter().map(|outcome| outcome.basis.judge(&outcome.judged, policy)).collect();
    let metrics = Metrics::without_chance(&judged.iter().collect::<Vec<_>>());
    SweepPoint {
        risk_target: target.value(),
        answer_at: policy.answer_at().value(),
        clarify_at: policy.clarify_at().value(),
        coverage: metrics.coverage,
        wrong_answer_rate: metrics.wrong_answer_rate,
        wrong_answer_interval: metrics.wrong_answer_interval,
        clarify_rate: metrics.clarify_rate,
        clarify_success: metrics.clarify_success,
        handoff_rate: metrics.handoff_rate,
        forecast_coverage: forecast.answer,
        forecast_wrong_answer_rate: forecast.wrong_answers,
    }
}

/// One row per target.
#[must_use]
pub fn sweep_grid(points: &[SweepPoint]) -> Grid {
    let mut grid = Grid::new(&[
        "risk target",
        "coverage",
        "foretold",
        "wrong",
        "95 %",
        "foretold",
        "asked back",
        "asked right",
        "handed over",
    ]);
    for point in points {
        grid.rows.push(vec![
            tables::percent(f64::from(point.risk_target)),
            tables::share(point.coverage),
            tables::share(Some(point.forecast_coverage)),
            tables::share(point.wrong_answer_rate),
            point.wrong_answer_interval.map_or_else(tables::absent, tables::interval),
            tables::share(Some(point.forecast_wrong_answer_rate)),
            tables::share(point.clarify_rate),
            tables::share(point.clarify_success),
            tables::share(point.handoff_rate),
        ]);
    }
    grid
}

/// The mean of each figure over the sets of `run`; thresholds and interval are those of no set and stay 0 and `None`.
#[must_use]
pub fn mean_sweep(run: &ModelReport) -> Vec<SweepPoint> {
    let targets = run.sets.first().map_or(&[][..], |set| &set.sweep);
    let over = |position: usize, figure: fn(&SweepPoint) -> Option<f64>| {
        mean(run.sets.iter().filter_map(|set| set.sweep.get(position)).filter_map(figure))
    };
    let point = |(position, point): (usize, &SweepPoint)| SweepPoint {
        risk_target: point.risk_target,
        coverage: over(position, |point| point.coverage),
        wrong_answer_rate: over(position, |point| point.wrong_answer_rate),
        clarify_rate: over(position, |point| point.clarify_rate),
        clarify_success: over(position, |point| point.clarify_success),
        handoff_rate: over(position, |point| point.handoff_rate),
        forecast_coverage: over(position, |point| Some(point.forecast_coverage)).unwrap_or_default(),
        forecast_wrong_answer_rate: over(position, |point| Some(point.forecast_wrong_answer_rate))
            .unwrap_or_default(),
        ..SweepPoint::default()
    };
    targets.iter().enumerate().map(point).collect()
}
