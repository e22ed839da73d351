//! The one error type of this crate, by what the caller can do.

use crate::QuestionProblem;

/// Why there is no decision, or no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question cannot be decided on; tell whoever asked.
    #[error("{0}")]
    Question(QuestionProblem),
    /// A line of a knowledge or question file is wrong; tell the editor.
    #[error("{source_name}, line {line}: {reason}")]
    Record {
        /// The file's name, as given.
        source_name: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The entries as a whole cannot be served; tell the editor.
    #[error("{0}")]
    Knowledge(String),
    /// An option is out of range; correct the configuration.
    #[error("invalid option {name}: {reason}")]
    InvalidOption {
        /// The option's name.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The embedder or the reranker refused or failed; its own variant says whether trying again helps.
    #[error(transparent)]
    Inference(#[from] inference::Error),
    /// The vector index refused a vector or failed: a bug or a damaged model.
    #[error(transparent)]
    Index(#[from] index::Error),
    /// A computation did not come to its end: the process is shutting down, or a bug, which the log then names. What
    /// was computed on is not repeated here.
    #[error("the computation was stopped")]
    Stopped,
    /// The lexical index failed: a bug or no memory.
    #[error("lexical index: {0}")]
    Lexical(String),
}

/// This crate's results.
pub type Result<T> = std::result::Result<T, Error>;
