//! How confidences are spread, one row a class.

use std::fmt::Write as _;

use super::frame::{WIDTH, svg};
use crate::{HISTOGRAM_BINS, Histograms, tables::percent};

const LEFT: f64 = 92.0;
const RIGHT: f64 = 22.0;
const ROW: f64 = 64.0;
const BAR: f64 = 48.0;
const FOOT: f64 = 40.0;

/// Each row is scaled to its own highest bar, since the classes differ much in size.
pub(crate) fn histograms(histograms: &Histograms) -> String {
    let rows = [
        ("right", &histograms.right),
        ("wrong", &histograms.wrong),
        ("near", &histograms.near),
        ("far", &histograms.far),
    ];
    let asked: Vec<_> =
        rows.into_iter().filter(|(_, counts)| counts.iter().any(|count| *count > 0)).collect();
    let mut marks = String::new();
    for (position, (name, counts)) in asked.iter().enumerate() {
        marks += &row(name, counts, position as f64 * ROW);
    }
    let bottom = asked.len() as f64 * ROW;
    marks += &axis(bottom);
    svg(bottom + FOOT, "Confidence by class", &marks)
}

fn row(name: &str, counts: &[usize; HISTOGRAM_BINS], top: f64) -> String {
    let (highest, sum) = (counts.iter().max().copied().unwrap_or(0).max(1), counts.iter().sum::<usize>());
    let (width, base) = ((WIDTH - LEFT - RIGHT) / HISTOGRAM_BINS as f64, top + ROW - 6.0);
    let mut row = format!(
        r#"<text class="class" x="8" y="{:.1}">{name}</text><text class="tick" x="8" y="{:.1}">{sum}</text><path class="grid" d="M{LEFT} {base:.1}H{:.1}"/>"#,
        top + 30.0,
        top + 46.0,
        WIDTH - RIGHT,
    );
    for (bin, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let height = (count as f64 / highest as f64 * BAR).max(1.0);
        let from = bin as f64 / HISTOGRAM_BINS as f64;
        // Writing into a String cannot fail.
        let _ = write!(
            row,
            r#"<rect class="bar {name}" x="{:.1}" y="{:.1}" width="{:.1}" height="{height:.1}"><title>{name}, confidence {} to {}: {count}</title></rect>"#,
            LEFT + bin as f64 * width + 0.5,
            base - height,
            width - 1.0,
            percent(from),
            percent(from + 1.0 / HISTOGRAM_BINS as f64),
        );
    }
    row
}

fn axis(bottom: f64) -> String {
    let ticks = (0..=5).map(|tick| {
        let share = f64::from(tick) / 5.0;
        let x = LEFT + share * (WIDTH - LEFT - RIGHT);
        format!(
            r#"<text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            bottom + 12.0,
            percent(share)
        )
    });
    let label = format!(
        r#"<text class="label" x="{:.1}" y="{:.1}" text-anchor="middle">confidence</text>"#,
        (LEFT + WIDTH - RIGHT) / 2.0,
        bottom + 32.0
    );
    ticks.collect::<String>() + &label
}
