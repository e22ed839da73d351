//! Labelled questions become a report.
//!
//! What passes through: a labelled set is loaded ([`LabelledSet::load`]), its knowledge becomes the same snapshot that
//! the server would serve, every question goes through the same [`answer::decide`] ([`run()`]), the outcomes become
//! [`Metrics`] and [`Curves`], and these a [`Report`]. Two reports are compared by [`compare()`]. The server's command
//! line calls this; nothing here knows HTTP.

mod authored;
mod compare;
mod dataset;
mod error;
mod evidence;
mod grid;
mod metrics;
mod outcome;
mod recorded;
mod report;
mod run;
mod tables;

pub use compare::{Change, Compared, Comparison, McNemar, compare};
pub use dataset::{Indexed, LabelledQuestion, LabelledSet, load_out_of_scope};
pub use error::{Error, Result};
pub use evidence::{Considered, Features};
pub use grid::Grid;
pub use metrics::{
    Better, Confusion, CurvePoint, Curves, FIGURES, Figure, HISTOGRAM_BINS, Hindsight, Histograms, Interval,
    Latency, Metrics, Percentiles, ReliabilityBin,
};
pub use outcome::{Band, Judged, Outcome, Scope, Spent};
pub use recorded::{Recorded, RecordedSet};
pub use report::{ModelReport, Report, SetReport};
pub use run::{Retrieval, RunOptions, run};
pub use tables::{decision_grid, ranking_grid, table};
