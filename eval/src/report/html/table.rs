//! Tables and the large figures above them.

use super::escape::escape;
use crate::{Grid, Metrics, tables};

/// A table that scrolls sideways where it is too wide.
pub(super) fn grid(grid: &Grid) -> String {
    let head: String = grid.headings.iter().map(|cell| format!("<th>{}</th>", escape(cell))).collect();
    let row = |cells: &Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("<td>{}</td>", escape(cell))).collect();
        format!("<tr>{cells}</tr>\n")
    };
    let rows: String = grid.rows.iter().map(row).collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )
}

/// The figures that are looked at first.
pub(super) fn cards(metrics: &Metrics) -> String {
    let wrong = metrics.wrong_answer_interval.map_or_else(String::new, |interval| {
        format!("{:.1}–{:.1}%, 95 % interval", interval.low * 100.0, interval.high * 100.0)
    });
    let cards = [
        ("answered", percent(metrics.coverage), String::new()),
        ("of these wrong", percent(metrics.wrong_answer_rate), wrong),
        ("first is right", percent(metrics.hit_at_1), "hit@1, in scope".to_owned()),
        ("near, handed over", percent(metrics.handoff_recall_near), auroc(metrics.auroc_near)),
        ("far, handed over", percent(metrics.handoff_recall_far), auroc(metrics.auroc_far)),
        ("calibration error", tables::share(metrics.ece), by_chance(metrics)),
    ];
    let cards: String = cards.iter().map(|(name, value, note)| card(name, value, note)).collect();
    format!("<div class=\"cards\">{cards}</div>\n")
}

fn card(name: &str, value: &str, note: &str) -> String {
    format!("<div class=\"card\"><b>{value}</b><span>{name}</span><small>{note}</small></div>")
}

fn by_chance(metrics: &Metrics) -> String {
    let chance = metrics.ece_by_chance;
    chance.map_or_else(String::new, |chance| format!("ECE; up to {chance:.3} by chance alone"))
}

fn auroc(value: Option<f64>) -> String {
    value.map_or_else(String::new, |value| format!("AUROC {value:.3}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(tables::absent, |share| format!("{:.1}%", share * 100.0))
}
