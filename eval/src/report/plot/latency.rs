//! Time by stage: half of the questions, and 99 of 100.

use super::frame::{WIDTH, svg};
use crate::{Latency, Percentiles};

const LEFT: f64 = 92.0;
const RIGHT: f64 = 120.0;
const ROW: f64 = 44.0;

/// One bar per stage: dark to the median, light to the 99th percentile.
pub(crate) fn latency(latency: &Latency) -> String {
    let stages = [("embed", latency.embed), ("retrieve", latency.retrieve), ("total", Some(latency.total))];
    let measured: Vec<(&str, Percentiles)> =
        stages.into_iter().filter_map(|(name, times)| Some((name, times?))).collect();
    let longest = measured.iter().map(|(_, times)| times.p99).fold(f64::MIN_POSITIVE, f64::max);
    let rows = measured
        .iter()
        .enumerate()
        .map(|(position, (name, times))| row(name, *times, longest, position as f64 * ROW));
    let marks: String = rows.collect();
    svg(measured.len() as f64 * ROW + 6.0, "Latency by stage", &marks)
}

fn row(name: &str, Percentiles { p50, p99 }: Percentiles, longest: f64, top: f64) -> String {
    let wide = |time: f64| (time / longest * (WIDTH - LEFT - RIGHT)).max(1.0);
    format!(
        r#"<text class="class" x="8" y="{y:.1}">{name}</text><rect class="slow" x="{LEFT}" y="{bar:.1}" width="{:.1}" height="22"/><rect class="usual" x="{LEFT}" y="{bar:.1}" width="{:.1}" height="22"/><text class="tick" x="{:.1}" y="{y:.1}">{p50:.2} / {p99:.2} ms</text>"#,
        wide(p99),
        wide(p50),
        LEFT + wide(p99) + 8.0,
        y = top + 26.0,
        bar = top + 10.0,
    )
}
