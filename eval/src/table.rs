//! The report as a table for a terminal.

use std::fmt::Write;

use crate::{Indexed, Metrics, Report, SetReport};

const HEADINGS: [&str; 11] =
    ["set", "index", "entries", "asked", "hit@1", "hit@3", "hit@5", "MRR", "coverage", "wrong", "p50/p99 ms"];

/// One row per set and, for more than one, a row of means; `-` where nothing could tell.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut rows: Vec<Vec<String>> = vec![HEADINGS.map(str::to_owned).to_vec()];
    rows.extend(report.sets.iter().map(set_row));
    if report.sets.len() > 1 {
        let labels = ["mean", "", "", ""].map(str::to_owned);
        rows.push(labels.into_iter().chain(figures(&report.mean)).collect());
    }
    aligned(&rows)
}

fn set_row(set: &SetReport) -> Vec<String> {
    let indexed = match set.indexed {
        Indexed::Standard => "standard",
        Indexed::Half => "half",
        Indexed::All => "all",
    };
    let labels = [set.name.clone(), indexed.to_owned(), set.entries.to_string(), set.questions.to_string()];
    labels.into_iter().chain(figures(&set.metrics)).collect()
}

fn figures(metrics: &Metrics) -> Vec<String> {
    let shares = [
        metrics.hit_at_1,
        metrics.hit_at_3,
        metrics.hit_at_5,
        metrics.mrr,
        metrics.coverage,
        metrics.wrong_answer_rate,
    ];
    let latency = metrics.latency_ms.map(|latency| format!("{:.2}/{:.2}", latency.p50, latency.p99));
    let shares = shares.map(|share| share.map(|value| format!("{value:.3}")));
    shares.into_iter().chain([latency]).map(|cell| cell.unwrap_or_else(|| "-".to_owned())).collect()
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..HEADINGS.len()).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            // Writing into a String cannot fail.
            let _ =
                if column == 0 { write!(line, "{cell:width$}") } else { write!(line, "  {cell:>width$}") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
