//! Labelled questions become a report.
//!
//! What passes through: a labelled set is loaded ([`LabelledSet::load`]), its knowledge becomes the same snapshot that
//! the server would serve, every question goes through the same [`answer::decide`] ([`run()`]), and the outcomes become
//! [`Metrics`] and a [`Report`]. The server's command line calls this; nothing here knows HTTP.

mod authored;
mod dataset;
mod error;
mod metrics;
mod outcome;
mod report;
mod run;
mod table;

pub use dataset::{Indexed, LabelledQuestion, LabelledSet};
pub use error::{Error, Result};
pub use metrics::{Latency, Metrics};
pub use outcome::{Band, Outcome};
pub use report::{Report, SetReport};
pub use run::{Retrieval, RunOptions, run};
pub use table::table;
