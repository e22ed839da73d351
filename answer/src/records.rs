//! Files of one JSON object a line: knowledge and labelled questions.

use std::io::{BufRead, Write};

use serde::{Serialize, de::DeserializeOwned};

use crate::{Error, FaqEntry, Result};

/// Reads `knowledge.jsonl`. `source_name` is what errors call the file.
///
/// # Errors
/// [`Error::Record`] with the number of the first line that is not an entry.
pub fn read_knowledge(reader: impl BufRead, source_name: &str) -> Result<Vec<FaqEntry>> {
    parse_records(reader, source_name)
}

/// Writes what [`read_knowledge`] reads back unchanged.
///
/// # Errors
/// [`Error::Knowledge`] when `writer` fails.
pub fn write_knowledge(mut writer: impl Write, entries: &[FaqEntry]) -> Result<()> {
    for entry in entries {
        write_record(&mut writer, entry)
            .map_err(|error| Error::Knowledge(format!("cannot write entries: {error}")))?;
    }
    Ok(())
}

fn write_record(writer: &mut impl Write, record: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *writer, record)?;
    writer.write_all(b"\n")
}

/// Reads one `T` per line; blank lines and a byte order mark are skipped.
///
/// # Errors
/// [`Error::Record`] with the line's number: not UTF-8, not JSON, a missing or unknown field, or unreadable.
pub fn parse_records<T: DeserializeOwned>(mut reader: impl BufRead, source_name: &str) -> Result<Vec<T>> {
    let mut records = Vec::new();
    let mut bytes = Vec::new();
    for line in 1.. {
        let fail = |reason: String| Error::Record { source_name: source_name.to_owned(), line, reason };
        bytes.clear();
        let read = reader.read_until(b'\n', &mut bytes).map_err(|error| fail(error.to_string()))?;
        if read == 0 {
            break;
        }
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| fail(format!("not valid UTF-8 (byte {} of the line)", error.valid_up_to())))?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if !text.is_empty() {
            records.push(serde_json::from_str(text).map_err(|error| fail(describe(&error)))?);
        }
    }
    Ok(records)
}

/// serde_json counts lines within the one line it was given; only the column is of use.
fn describe(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or(&text);
    format!("{reason} (column {})", error.column())
}
