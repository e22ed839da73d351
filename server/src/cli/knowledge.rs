//! Knowledge files, read with line numbers, for the verbs that check or serve them.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
};

use answer::{FaqEntry, Severity, check_knowledge, read_knowledge};
use serde::Serialize;

/// Why a knowledge file is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KnowledgeFileError {
    #[error("cannot read the knowledge file {}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error(
        "{}, line {line}: {message}{}",
        path.display(),
        if *others == 0 { String::new() } else { format!(" (and {others} more: see `yingda kb validate`)") }
    )]
    Invalid { path: PathBuf, line: usize, message: String, others: usize },
    #[error("the knowledge file {} holds no entry", path.display())]
    Empty { path: PathBuf },
}

/// A file's entries and what is to be said about them.
pub(super) struct Examined {
    /// The entries of the sound lines.
    pub(super) entries: Vec<FaqEntry>,
    /// In order of line.
    pub(super) findings: Vec<LineFinding>,
}

/// One thing about one line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct LineFinding {
    pub(super) severity: &'static str,
    /// Counted from 1.
    pub(super) line: usize,
    /// `None` when the line is not an entry.
    pub(super) entry_id: Option<String>,
    pub(super) message: String,
}

impl LineFinding {
    /// An error that belongs to no line in particular: shown at the first.
    pub(super) fn about_file(message: &str) -> Self {
        Self { severity: ERROR, line: 1, entry_id: None, message: message.to_owned() }
    }

    pub(super) fn is_error(&self) -> bool {
        self.severity == ERROR
    }
}

const ERROR: &str = "error";
const WARNING: &str = "warning";

/// Reads `path` for serving.
///
/// # Errors
/// [`KnowledgeFileError`] when the file cannot be read, a line is no entry, the entries cannot be served, or there is
/// none.
pub(super) fn read(path: &Path) -> Result<Vec<FaqEntry>, KnowledgeFileError> {
    let Examined { entries, findings } = examine(path)?;
    let mut errors = findings.into_iter().filter(LineFinding::is_error);
    if let Some(LineFinding { line, message, .. }) = errors.next() {
        return Err(KnowledgeFileError::Invalid {
            path: path.to_owned(),
            line,
            message,
            others: errors.count(),
        });
    }
    if entries.is_empty() {
        return Err(KnowledgeFileError::Empty { path: path.to_owned() });
    }
    Ok(entries)
}

/// Reads `path` to its end and collects everything that is wrong with it, broken lines included.
///
/// # Errors
/// [`KnowledgeFileError::Unreadable`].
pub(super) fn examine(path: &Path) -> Result<Examined, KnowledgeFileError> {
    let unreadable = |source| KnowledgeFileError::Unreadable { path: path.to_owned(), source };
    let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
    let (mut entries, mut lines, mut findings) = (Vec::new(), Vec::new(), Vec::new());
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        if reader.read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            break;
        }
        match read_knowledge(bytes.as_slice(), "") {
            Ok(read) => {
                lines.extend(read.iter().map(|_| line));
                entries.extend(read);
            }
            Err(error) => findings.push(broken(line, &error)),
        }
    }
    findings.extend(check_knowledge(&entries).into_iter().map(|finding| LineFinding {
        severity: if finding.severity == Severity::Error { ERROR } else { WARNING },
        line: lines[finding.position],
        entry_id: Some(finding.entry_id),
        message: finding.message,
    }));
    findings.sort_by_key(|finding| finding.line);
    Ok(Examined { entries, findings })
}

fn broken(line: usize, error: &answer::Error) -> LineFinding {
    let message =
        if let answer::Error::Record { reason, .. } = error { reason.clone() } else { error.to_string() };
    LineFinding { severity: ERROR, line, entry_id: None, message }
}
