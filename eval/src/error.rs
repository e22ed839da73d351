//! The one error type of this crate, by what the caller can do.

use std::path::PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The path is no labelled set.
    #[error("{}: {reason}", path.display())]
    NotASet {
        /// The path as given.
        path: PathBuf,
        /// What was expected there.
        reason: String,
    },
    /// The path is no report.
    #[error("{}: no report: {reason}", path.display())]
    NotAReport {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Two reports have nothing in common.
    #[error("the reports cannot be compared: {0}")]
    NotComparable(String),
    /// A record, the knowledge or the engine: see the inner error.
    #[error(transparent)]
    Answer(#[from] answer::Error),
}

impl Error {
    pub(crate) fn file(path: &std::path::Path, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), source }
    }
}

/// This crate's results.
pub type Result<T> = std::result::Result<T, Error>;
