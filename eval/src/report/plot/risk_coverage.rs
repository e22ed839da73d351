//! Share of wrong answers against coverage, with the target and the point that was reached.

use super::frame::Frame;
use crate::{Hindsight, Metrics, SetReport, tables::percent};

/// `risk_target` is drawn as a line across. Empty without a point.
pub(crate) fn risk_coverage(set: &SetReport, risk_target: f64) -> String {
    let points = &set.curves.risk_coverage;
    if points.is_empty() {
        return String::new();
    }
    let reached = set.metrics.wrong_answer_interval.map_or(0.0, |interval| interval.high);
    let highest = points.iter().map(|point| point.wrong_answer_rate).fold(0.0, f64::max);
    let frame = Frame {
        right: 1.0,
        top: upper_edge(highest.max(reached.min(0.5)).max(risk_target * 1.5)),
        x_label: "questions answered",
        y_label: "of these wrong",
    };
    let mut marks = frame.path("curve", points.iter().map(|point| (point.coverage, point.wrong_answer_rate)));
    marks += &target_line(&frame, risk_target);
    marks += &set.curves.best_cosine.map(|best| hindsight(&frame, best)).unwrap_or_default();
    marks += &reached_point(&frame, &set.metrics);
    frame.svg("Wrong answers against coverage", &marks)
}

fn target_line(frame: &Frame, target: f64) -> String {
    let line = frame.path("target", [(0.0, target), (1.0, target)].into_iter());
    let (x, y) = (frame.x(0.0) + 6.0, frame.y(target) - 5.0);
    line + &format!(r#"<text class="note" x="{x:.1}" y="{y:.1}">target {}</text>"#, percent(target))
}

/// A hollow square: the best single threshold.
fn hindsight(frame: &Frame, best: Hindsight) -> String {
    let Some(wrong) = best.wrong_answer_rate else { return String::new() };
    let (x, y) = (frame.x(best.coverage) - 5.0, frame.y(wrong) - 5.0);
    format!(
        r#"<rect class="hollow" x="{x:.1}" y="{y:.1}" width="10" height="10"><title>best single threshold with hindsight: {} answered, {} wrong</title></rect>"#,
        percent(best.coverage),
        percent(wrong),
    )
}

/// A dot with its 95 % interval.
fn reached_point(frame: &Frame, metrics: &Metrics) -> String {
    let (Some(coverage), Some(wrong)) = (metrics.coverage, metrics.wrong_answer_rate) else {
        return String::new();
    };
    let bar = metrics.wrong_answer_interval.map_or_else(String::new, |interval| {
        frame.path("whisker", [(coverage, interval.low), (coverage, interval.high)].into_iter())
    });
    bar + &format!(
        r#"<circle class="reached" cx="{:.1}" cy="{:.1}" r="6"><title>reached: {} answered, {} wrong</title></circle>"#,
        frame.x(coverage),
        frame.y(wrong),
        percent(coverage),
        percent(wrong),
    )
}

/// The next of a few round values.
fn upper_edge(value: f64) -> f64 {
    [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].into_iter().find(|edge| *edge >= value).unwrap_or(1.0)
}
