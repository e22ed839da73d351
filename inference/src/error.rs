//! The one error type of this crate, by what the caller can do.

use std::path::{Path, PathBuf};

/// Why no vector or score came back.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The queue is full: try again later, or refuse the request.
    #[error("the model's queue is full")]
    Overloaded,
    /// The workers have stopped: the process is shutting down.
    #[error("the model's workers have stopped")]
    Closed,
    /// The text gives no direction, for example because no token of it is known to the model: treat it as a question
    /// without information.
    #[error("the text has no direction in this model's space (no known token)")]
    Unencodable,
    /// The asked-for device is not there: choose another, or install a build that has it.
    #[error("device {device} is not available: {reason}")]
    DeviceUnavailable {
        /// As configured, for example `cuda:0`.
        device: String,
        /// What the driver or build said.
        reason: String,
    },
    /// A file of the model folder is missing, truncated, altered or malformed: fetch the folder again.
    #[error("model file {}: {reason}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The folder is sound but holds a model this version cannot run.
    #[error("unsupported model: {0}")]
    UnsupportedModel(String),
    /// An option is out of range: correct the configuration.
    #[error("invalid option {name}: {reason}")]
    InvalidOption {
        /// The option's name.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The computation failed; the text may be tried again.
    #[error("inference failed: {0}")]
    Inference(String),
}

impl Error {
    pub(crate) fn model_file(path: &Path, reason: impl Into<String>) -> Self {
        Self::ModelFile { path: path.to_owned(), reason: reason.into() }
    }
}

impl From<candle_core::Error> for Error {
    fn from(error: candle_core::Error) -> Self {
        Self::Inference(error.to_string())
    }
}

/// This crate's results.
pub type Result<T> = std::result::Result<T, Error>;
