//! Questions with their right entry, read for the calibration.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use answer::{FaqEntry, Label, parse_records};
use anyhow::Context as _;

use crate::published::{check_labels, retain_useful};

/// A file of labels cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot read the labels {}", path.display())]
pub(crate) struct LabelsUnreadable {
    path: PathBuf,
    source: std::io::Error,
}

/// Reads a file in the form of `questions.jsonl`.
///
/// # Errors
/// [`LabelsUnreadable`] when it cannot be opened; a broken line is named by its number.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Label>> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|source| LabelsUnreadable { path: path.to_owned(), source })?;
    Ok(parse_records(BufReader::new(file), &name)?)
}

/// The labels of a file that belong to `entries`. Those of disabled entries are left out, since nothing can be learned from
/// them.
///
/// # Errors
/// As in [`read`]; [`answer::Error::Knowledge`] for a question that is there twice or an entry that is not there.
pub(crate) fn read_for(path: &Path, entries: &[FaqEntry]) -> anyhow::Result<Vec<Label>> {
    let mut labels = read(path)?;
    check_labels(&labels, &entries.iter().map(|entry| entry.id.as_str()).collect())
        .with_context(|| format!("the labels {} are not of this knowledge", path.display()))?;
    retain_useful(&mut labels, entries);
    Ok(labels)
}
