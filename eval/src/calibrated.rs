//! What a calibration says about a knowledge base, in tables.

use answer::CalibrationReport;
use serde::Serialize;

use crate::{Grid, tables};

/// A knowledge base's calibration at one risk target.
#[derive(Clone, Debug, Serialize)]
pub struct Calibrated {
    /// The set's or file's name.
    pub name: String,
    /// Enabled entries.
    pub entries: usize,
    /// Phrasings indexed.
    pub phrasings: usize,
    /// Building the snapshot and calibrating, in milliseconds.
    pub milliseconds: f64,
    /// What was learned and what to expect.
    #[serde(flatten)]
    pub report: CalibrationReport,
}

impl Calibrated {
    /// For a terminal.
    #[must_use]
    pub fn text(&self) -> String {
        let remarks: String = self.report.remarks.iter().map(|remark| format!("! {remark}\n")).collect();
        format!(
            "{}: {} entries, {} phrasings; built and calibrated in {:.1} s\n\n{}\n{}{remarks}",
            self.name,
            self.entries,
            self.phrasings,
            self.milliseconds / 1e3,
            calibration_grid(&self.report).text(),
            weight_grid(&self.report).text(),
        )
    }
}

/// Counts, thresholds and what to expect, a line each.
#[must_use]
pub fn calibration_grid(report: &CalibrationReport) -> Grid {
    let forecast = &report.forecast;
    let supported = |supported: bool| {
        if supported {
            format!("shown at {}", tables::percent(report.confidence_level))
        } else {
            "not shown: cautious".to_owned()
        }
    };
    let rows = [
        ("risk target", tables::percent(f64::from(report.risk_target)), supported(report.answers_supported)),
        (
            "asked back in vain, at most",
            tables::percent(f64::from(report.options_risk_target)),
            supported(report.options_supported),
        ),
        ("answers from confidence", format!("{:.3}", report.answer_at), String::new()),
        ("asks back from chance", format!("{:.3}", report.clarify_at), String::new()),
        ("expected: answered", tables::percent(forecast.answer), String::new()),
        (
            "expected: of these wrong",
            tables::percent(forecast.wrong_answers),
            format!("at most {}", tables::percent(forecast.wrong_answers_at_most)),
        ),
        (
            "expected: asked back",
            tables::percent(forecast.clarify),
            format!("{} rightly", tables::percent(forecast.clarify_success)),
        ),
        ("expected: handed over", tables::percent(forecast.hand_off), String::new()),
        (
            "questions in scope",
            report.in_scope.to_string(),
            format!("{} labelled by people", report.labelled),
        ),
        ("questions out of scope", report.near.to_string(), format!("and {} about other topics", report.far)),
        (
            "weights",
            if report.fitted { "fitted here" } else { "as shipped" }.to_owned(),
            if report.isotonic { "with isotonic correction" } else { "" }.to_owned(),
        ),
    ];
    let mut grid = Grid::new(&["calibration", "", ""]);
    grid.rows.extend(rows.map(|(name, value, note)| vec![name.to_owned(), value, note]));
    grid
}

/// What each feature adds to each of the three log-odds: as fitted, and as shipped.
#[must_use]
pub fn weight_grid(report: &CalibrationReport) -> Grid {
    let mut grid = Grid::new(&["feature", "right", "shipped", "not near", "shipped", "not far", "shipped"]);
    let scope = report.near_weights.iter().zip(&report.far_weights);
    grid.rows.extend(report.weights.iter().zip(scope).map(|(right, (near, far))| {
        let cells = [right, near, far].into_iter().flat_map(|weight| [weight.weight, weight.shipped]);
        let cells = cells.map(|weight| format!("{weight:+.3}"));
        std::iter::once(right.name.to_owned()).chain(cells).collect()
    }));
    grid
}
