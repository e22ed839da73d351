//! Questions with their right entry, read for the calibration.

use std::{fs::File, io::BufReader, path::Path};

use answer::{Label, parse_records};
use anyhow::Context as _;

/// Reads a file in the form of `questions.jsonl`.
///
/// # Errors
/// When it cannot be read; a broken line is named by its number.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Label>> {
    let name = path.display().to_string();
    let file = File::open(path).with_context(|| format!("cannot read the labels {name}"))?;
    Ok(parse_records(BufReader::new(file), &name)?)
}
