//! Labelled questions become a report.
//!
//! What passes through: a labelled set is loaded ([`LabelledSet::load`]), its knowledge becomes the same snapshot that
//! the server would serve, every question goes through the same [`answer::decide`] ([`run()`]), the outcomes become
//! [`Metrics`] and [`Curves`], and these a [`Report`]. Two reports are compared by [`compare()`]. The server's command
//! line calls this; nothing here knows HTTP.

mod authored;
mod basis;
mod calibrated;
mod compare;
mod dataset;
mod error;
mod evidence;
mod explain;
mod grid;
mod metrics;
mod outcome;
mod recorded;
mod report;
mod run;
mod staffing;
mod sweep;
mod tables;

pub use answer::Band;
pub use basis::Basis;
pub use calibrated::{Calibrated, calibration_grid, weight_grid};
pub use compare::{Change, Compared, Comparison, McNemar, compare};
pub use dataset::{Indexed, LabelledQuestion, LabelledSet, load_out_of_scope};
pub use error::{Error, Result};
pub use evidence::{Considered, WeighedFeature};
pub use explain::{Explained, FeatureWeight};
pub use grid::Grid;
pub use metrics::{
    Better, Confusion, CurvePoint, Curves, FIGURES, Figure, HISTOGRAM_BINS, Hindsight, Histograms, Interval,
    Latency, Metrics, Percentiles, ReliabilityBin,
};
pub use outcome::{Judged, Outcome, Scope, Spent};
pub use recorded::{Recorded, RecordedSet};
pub use report::{ModelReport, Report, SetReport, escape};
pub use run::{Retrieval, RunOptions, calibrate, explain, run, staffing};
pub use staffing::{Staffing, Traffic, staffing_grid};
pub use sweep::{RISK_TARGETS, SweepPoint, mean_sweep, sweep_grid};
pub use tables::{confidence_grid, decision_grid, ranking_grid, table};
