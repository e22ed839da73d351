//! The report as data, and its two files.

use std::{fs, io::Write, path::Path};

use inference::ModelInfo;
use serde::Serialize;

use crate::{Band, Error, Indexed, Metrics, Outcome, Result, Retrieval};

/// Everything about one run.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The model's name.
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
    /// What happened to each question.
    #[serde(skip)]
    pub outcomes: Vec<Outcome>,
}

impl Report {
    pub(crate) fn new(model: &ModelInfo, retrieval: Retrieval, sets: Vec<SetReport>) -> Self {
        let mean = Metrics::mean(&sets.iter().map(|set| &set.metrics).collect::<Vec<_>>());
        Self {
            model: model.name.clone(),
            model_fingerprint: model.fingerprint.clone(),
            retrieval,
            mean,
            sets,
        }
    }

    /// Writes `report.json` and `errors.jsonl` into `folder`, which is created.
    ///
    /// # Errors
    /// [`Error::File`] with the path that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).map_err(|error| Error::file(folder, error))?;
        let report = folder.join("report.json");
        let text = serde_json::to_string_pretty(self).map_err(std::io::Error::from);
        text.and_then(|text| fs::write(&report, text + "\n")).map_err(|error| Error::file(&report, error))?;
        let errors = folder.join("errors.jsonl");
        self.write_errors(&errors).map_err(|error| Error::file(&errors, error))
    }

    /// One line for each question whose best candidate was not the expected entry, or that was answered although a
    /// human was expected.
    fn write_errors(&self, path: &Path) -> std::io::Result<()> {
        let mut file = std::io::BufWriter::new(fs::File::create(path)?);
        for set in &self.sets {
            for outcome in set.outcomes.iter().filter(|outcome| is_error(outcome)) {
                serde_json::to_writer(&mut file, &ErrorLine::new(&set.name, outcome))?;
                file.write_all(b"\n")?;
            }
        }
        file.flush()
    }
}

fn is_error(outcome: &Outcome) -> bool {
    outcome.is_wrong_answer() || (outcome.question.expected.is_some() && !outcome.is_hit())
}

#[derive(Serialize)]
struct ErrorLine<'a> {
    set: &'a str,
    text: &'a str,
    expected: Option<&'a str>,
    note: Option<&'a str>,
    decision: Band,
    rank: Option<usize>,
    candidates: Vec<ErrorCandidate<'a>>,
}

#[derive(Serialize)]
struct ErrorCandidate<'a> {
    entry_id: &'a str,
    matched_question: &'a str,
    confidence: f32,
}

/// Candidates shown per error.
const SHOWN: usize = 5;

impl<'a> ErrorLine<'a> {
    fn new(set: &'a str, outcome: &'a Outcome) -> Self {
        let candidates = outcome.candidates.iter().take(SHOWN).map(|candidate| ErrorCandidate {
            entry_id: &candidate.entry_id,
            matched_question: &candidate.matched_question,
            confidence: candidate.confidence.value(),
        });
        Self {
            set,
            text: &outcome.question.text,
            expected: outcome.question.expected.as_deref(),
            note: outcome.question.note.as_deref(),
            decision: outcome.band,
            rank: outcome.rank(),
            candidates: candidates.collect(),
        }
    }
}
