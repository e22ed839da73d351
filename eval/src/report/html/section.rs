//! One set on the page: figures, drawings, confusions, errors.

use super::{
    errors::errors,
    escape::escape,
    table::{cards, grid},
};
use crate::{
    SetReport,
    report::plot::{histograms, latency, reliability, risk_coverage},
    tables::percent,
};

pub(super) fn section(set: &SetReport, anchor: &str, risk_target: Option<f64>) -> String {
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
         {}<div class=\"plots\">{}</div>\n{}{}</section>\n",
        escape(&set.name),
        set.entries,
        set.phrasings,
        set.questions,
        cards(&set.metrics),
        drawings.concat(),
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

fn reached(set: &SetReport, risk_target: Option<f64>) -> String {
    let mut caption = "The dot is what was reached, with its 95 % interval.".to_owned();
    let Some(target) = risk_target else { return caption };
    caption += &format!(" Target {}.", percent(target));
    if let Some(best) = set.curves.best_confidence {
        caption += &format!(
            " With the labels known, one threshold on the confidence could answer {}.",
            percent(best.coverage)
        );
    }
    if let Some(best) = set.curves.best_cosine {
        caption += &format!(
            " The square is the best that one threshold on the plain nearness could do, chosen with the labels known: {}.",
            percent(best.coverage)
        );
    }
    if let Some(ratio) = set.curves.coverage_ratio {
        caption += &format!(" Reached: {ratio:.1} times that.");
    }
    caption
}

fn confusions(set: &SetReport) -> String {
    let rows = set.confusion_grid();
    if rows.rows.is_empty() {
        return String::new();
    }
    format!("<details><summary>Most frequent confusions</summary>{}</details>\n", grid(&rows))
}
