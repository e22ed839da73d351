//! The report as data, and its files.

mod errors;
mod files;
mod html;
mod markdown;
mod plot;
mod shortfall;

pub use self::html::escape;

use answer::CalibrationReport;
use inference::ModelInfo;
use serde::{Serialize, Serializer};

use crate::{Curves, Indexed, Judged, Metrics, Outcome, Retrieval, SweepPoint};

/// Everything about one run, of one model or of several side by side.
#[derive(Clone, Debug)]
pub struct Report {
    /// The share of automatic answers that may be wrong.
    pub risk_target: f32,
    /// One per model, in the order given.
    pub models: Vec<ModelReport>,
}

/// Everything about one model.
#[derive(Clone, Debug, Serialize)]
pub struct ModelReport {
    /// The model's name, and its precision.
    pub model: String,
    /// Its fingerprint.
    pub model_fingerprint: String,
    /// What was compared.
    pub retrieval: Retrieval,
    /// Means over the sets, at the top level of `report.json`.
    #[serde(flatten)]
    pub mean: Metrics,
    /// One per set, in the order given.
    pub sets: Vec<SetReport>,
}

/// One set's figures.
#[derive(Clone, Debug, Serialize)]
pub struct SetReport {
    /// The set's name.
    pub name: String,
    /// Which phrasings were indexed.
    pub indexed: Indexed,
    /// Enabled entries.
    pub entries: usize,
    /// Phrasings indexed.
    pub phrasings: usize,
    /// Questions asked.
    pub questions: usize,
    /// The figures.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Curves and counts.
    #[serde(flatten)]
    pub curves: Curves,
    /// What was learned from the knowledge alone, and what it foretold.
    pub calibration: CalibrationReport,
    /// What other risk targets would have decided.
    pub sweep: Vec<SweepPoint>,
    /// What happened to each question.
    #[serde(skip)]
    pub outcomes: Vec<Outcome>,
}

impl ModelReport {
    pub(crate) fn new(model: &ModelInfo, retrieval: Retrieval, sets: Vec<SetReport>) -> Self {
        let mean = Metrics::mean(&sets.iter().map(|set| &set.metrics).collect::<Vec<_>>());
        Self {
            model: format!("{} ({})", model.name, model.precision),
            model_fingerprint: model.fingerprint.clone(),
            retrieval,
            mean,
            sets,
        }
    }
}

impl SetReport {
    /// What the calibration makes of each feature; `None` for evidence that is not weighed itself.
    pub(crate) fn weight(&self, feature: &str) -> Option<f64> {
        self.calibration.weights.iter().find(|weight| weight.name == feature).map(|weight| weight.weight)
    }

    /// Questions whose best candidate was not the expected entry, or that were answered although a human was expected.
    pub fn errors(&self) -> impl Iterator<Item = &Outcome> {
        let is_error =
            |judged: &Judged| judged.is_wrong_answer() || (judged.expected.is_some() && !judged.is_hit());
        self.outcomes.iter().filter(move |outcome| is_error(&outcome.judged))
    }
}

/// The first model's report stands at the top level, so that a report of one model has no nesting.
impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Shape<'a> {
            risk_target: f32,
            #[serde(flatten)]
            first: Option<&'a ModelReport>,
            #[serde(skip_serializing_if = "<[ModelReport]>::is_empty")]
            other_models: &'a [ModelReport],
        }
        let (first, other_models) = match self.models.split_first() {
            Some((first, others)) => (Some(first), others),
            None => (None, &[][..]),
        };
        Shape { risk_target: self.risk_target, first, other_models }.serialize(serializer)
    }
}
