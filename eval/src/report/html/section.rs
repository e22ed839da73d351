//! One set on the page: figures, drawings, confusions, errors.

use super::{
    errors::errors,
    escape::escape,
    table::{cards, grid},
};
use crate::{
    SetReport, calibration_grid,
    report::plot::{histograms, latency, reliability, risk_coverage},
    sweep_grid,
    tables::percent,
    weight_grid,
};

pub(super) fn section(set: &SetReport, anchor: &str, risk_target: f64) -> String {
    let drawings = [
        drawing(
            "Wrong answers against coverage",
            &risk_coverage(set, risk_target),
            &reached(set, risk_target),
        ),
        drawing(
            "Reliability",
            &reliability(&set.curves.reliability),
            "On the diagonal a confidence comes true as often as it says.",
        ),
        drawing(
            "Confidence by class",
            &histograms(&set.curves.score_histograms),
            "In scope: right or wrong first candidate. Out of scope: near or far. Each row has its own scale.",
        ),
        drawing(
            "Latency",
            &set.metrics.latency_ms.map(|times| latency(&times)).unwrap_or_default(),
            "Median (dark) and 99th percentile, one question at a time.",
        ),
    ];
    format!(
        "<section id=\"{anchor}\" class=\"set\">\n<h2>{} <small>{} entries · {} phrasings · {} questions</small></h2>\n\
         {}<div class=\"plots\">{}</div>\n{}{}{}{}</section>\n",
        escape(&set.name),
        set.entries,
        set.phrasings,
        set.questions,
        cards(&set.metrics),
        drawings.concat(),
        sweep(set),
        calibration(set),
        confusions(set),
        errors(set),
    )
}

/// Nothing when there was nothing to draw.
fn drawing(title: &str, svg: &str, caption: &str) -> String {
    if svg.is_empty() {
        return String::new();
    }
    format!("<figure><h3>{title}</h3>{svg}<figcaption>{caption}</figcaption></figure>\n")
}

fn reached(set: &SetReport, risk_target: f64) -> String {
    let mut caption = format!(
        "The dot is what was reached, with its 95 % interval. Target {}. With the labels known, one threshold on the \
         confidence could answer {}.",
        percent(risk_target),
        percent(set.curves.best_confidence.coverage)
    );
    if let Some(best) = set.curves.best_cosine {
        caption += &format!(
            " The square is the best that one threshold on the plain nearness could do, chosen with the labels known: {}.",
            percent(best.coverage)
        );
    }
    if let Some(ratio) = set.curves.coverage_ratio {
        caption += &format!(" Reached: {ratio:.1} times that.");
    }
    caption.extend(set.shortfall().map(|reason| format!(" {}", escape(&reason))));
    caption
}

fn calibration(set: &SetReport) -> String {
    let remark = |remark: &String| format!("<p>{}</p>", escape(remark));
    let remarks: String = set.calibration.remarks.iter().map(remark).collect();
    format!(
        "<details><summary>Calibration</summary>{remarks}<div class=\"pair\">{}{}</div></details>\n",
        grid(&calibration_grid(&set.calibration)),
        grid(&weight_grid(&set.calibration)),
    )
}

/// Nothing when only one target was looked at.
fn sweep(set: &SetReport) -> String {
    if set.sweep.is_empty() {
        return String::new();
    }
    format!(
        "<details open><summary>Other risk targets</summary>{}</details>\n",
        grid(&sweep_grid(&set.sweep))
    )
}

fn confusions(set: &SetReport) -> String {
    let rows = set.confusion_grid();
    if rows.rows.is_empty() {
        return String::new();
    }
    format!("<details><summary>Most frequent confusions</summary>{}</details>\n", grid(&rows))
}
