//! A report read back, to be compared: its figures, and, where `outcomes.jsonl` lies beside, each question.

use std::{
    borrow::Cow,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Error, Judged, Metrics, Result, dataset::read_lines};

/// A line of `outcomes.jsonl`.
#[derive(Serialize, Deserialize)]
pub(crate) struct RecordedLine<'a> {
    /// Position of the model in its report.
    pub(crate) model: usize,
    pub(crate) set: Cow<'a, str>,
    #[serde(flatten)]
    pub(crate) judged: Cow<'a, Judged>,
}

/// What a report says about its first model.
#[derive(Clone, Debug, Deserialize)]
pub struct Recorded {
    /// The model's name.
    pub model: String,
    /// One per set.
    pub sets: Vec<RecordedSet>,
}

/// One set of a report that was read back.
#[derive(Clone, Debug, Deserialize)]
pub struct RecordedSet {
    /// The set's name.
    pub name: String,
    /// Its figures; those that an older report does not have are `None`.
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Each question; empty when only the figures were kept.
    #[serde(skip)]
    pub judged: Vec<Judged>,
}

impl Recorded {
    /// Reads `path`, a `report.json` or the folder that holds one, and `outcomes.jsonl` beside it if there is one.
    ///
    /// # Errors
    /// [`Error::File`] and [`Error::NotAReport`] for the path, [`Error::Answer`] naming a broken line of outcomes.
    pub fn read(path: &Path) -> Result<Self> {
        let file = if path.is_dir() { path.join("report.json") } else { path.to_owned() };
        let bytes = fs::read(&file).map_err(|error| Error::file(&file, error))?;
        let mut recorded: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Error::NotAReport { path: file.clone(), reason: error.to_string() })?;
        if let Some(outcomes) = outcomes_beside(&file) {
            recorded.add(read_lines(&outcomes)?);
        }
        Ok(recorded)
    }

    /// Of the first model; a set that the report does not name is passed over.
    fn add(&mut self, lines: Vec<RecordedLine<'static>>) {
        for line in lines.into_iter().filter(|line| line.model == 0) {
            if let Some(set) = self.sets.iter_mut().find(|set| set.name == line.set) {
                set.judged.push(line.judged.into_owned());
            }
        }
    }
}

/// Outcomes belong to a report of the usual name only: an accepted baseline under another name stands alone.
fn outcomes_beside(report: &Path) -> Option<PathBuf> {
    let outcomes = report.with_file_name("outcomes.jsonl");
    (report.file_name()? == "report.json" && outcomes.is_file()).then_some(outcomes)
}
