//! How the process ends: the one place where an error becomes an exit code.

use std::process::ExitCode;

use serde_json::json;

use super::{
    knowledge::KnowledgeFileError,
    output::{Form, Output, ReaderGone},
    serving::CannotServe,
};
use crate::{
    ApiError, ErrorCode, backup::BackupError, config::ConfigError, labels::LabelsUnreadable,
    models::ModelError, storage::NoFolder,
};

/// What the exit code says. `yingda --help` prints the same list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    Done = 0,
    /// A check found problems; they are on stdout.
    ProblemsFound = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// Input data cannot be read or is invalid.
    InvalidInput = 3,
    /// The model is missing, altered, unsupported, or its device is absent.
    Model = 4,
    /// The address cannot be bound, or serving failed.
    CannotServe = 5,
    /// The store or its keys cannot be used.
    Storage = 6,
    /// A fault of the program.
    Internal = 70,
}

/// The list of `--help`.
pub(super) const HELP: &str = "\
Exit codes:
  0   done
  1   a check found problems (kb validate, keys status, keys rotate, model verify, doctor,
      eval compare)
  2   wrong usage or configuration
  3   input data cannot be read or is invalid; the message names file and line
  4   the model is missing, altered or unsupported, or its device is absent
  5   the address cannot be bound, or serving failed
  6   the store or its keys cannot be used
  70  a fault of the program";

/// A request that the options make meaningless, found after parsing them.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

impl Exit {
    /// What `error` means for whoever started the program.
    pub(super) fn of(error: &anyhow::Error) -> Self {
        error.chain().find_map(known).unwrap_or(Self::Internal)
    }

    /// What a refusal of one question means.
    pub(super) fn of_ask(error: &ApiError) -> Self {
        let faults =
            [ErrorCode::Internal, ErrorCode::Overloaded, ErrorCode::ShuttingDown, ErrorCode::Timeout];
        if faults.contains(&error.code()) { Self::Internal } else { Self::InvalidInput }
    }

    /// Stable, for programs: the `code` of an error in JSON form.
    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::ProblemsFound => "problems_found",
            Self::Usage => "usage",
            Self::InvalidInput => "invalid_input",
            Self::Model => "model",
            Self::CannotServe => "cannot_serve",
            Self::Storage => "storage",
            Self::Internal => "internal",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Says what went wrong, as one chain from the task to its cause, and gives the exit code.
pub(super) fn report(error: &anyhow::Error, output: Output) -> Exit {
    if error.chain().any(|cause| cause.is::<ReaderGone>()) {
        return Exit::Done;
    }
    let exit = Exit::of(error);
    match output.form {
        Form::Text => output.complain(chain(error)),
        Form::Json => {
            let causes: Vec<String> = error.chain().skip(1).map(ToString::to_string).collect();
            let details = json!({ "exit_code": exit as u8, "causes": causes });
            output.complain(json!({ "code": exit.name(), "message": error.to_string(), "details": details }));
        }
    }
    exit
}

fn chain(error: &anyhow::Error) -> String {
    let mut lines = vec![format!("error: {error}")];
    lines.extend(error.chain().skip(1).map(|cause| format!("  caused by: {cause}")));
    lines.join("\n")
}

fn known(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if cause.is::<ConfigError>() || cause.is::<UsageError>() {
        return Some(Exit::Usage);
    }
    if cause.is::<CannotServe>() {
        return Some(Exit::CannotServe);
    }
    if cause.is::<NoFolder>() {
        return Some(Exit::Storage);
    }
    if cause.is::<KnowledgeFileError>() || cause.is::<LabelsUnreadable>() {
        return Some(Exit::InvalidInput);
    }
    if let Some(error) = cause.downcast_ref() {
        return Some(of_sealing(error));
    }
    if let Some(error) = cause.downcast_ref() {
        return Some(of_backup(error));
    }
    let of_model = |error: &ModelError| match error {
        ModelError::NotFound { .. } => Exit::Model,
        ModelError::Files(error) => of_inference(error),
    };
    cause
        .downcast_ref()
        .map(of_model)
        .or_else(|| cause.downcast_ref().map(of_inference))
        .or_else(|| cause.downcast_ref().map(of_answer))
        .or_else(|| cause.downcast_ref().map(of_store))
        .or_else(|| cause.downcast_ref().map(of_eval))
        .or_else(|| cause.downcast_ref().map(Exit::of_ask))
}

/// Errors that pass another crate's error through are not in the chain themselves, so each level looks inside.
fn of_inference(error: &inference::Error) -> Exit {
    match error {
        inference::Error::DeviceUnavailable { .. }
        | inference::Error::ModelFile { .. }
        | inference::Error::UnsupportedModel(_) => Exit::Model,
        inference::Error::InvalidOption { .. } => Exit::Usage,
        inference::Error::Unencodable => Exit::InvalidInput,
        inference::Error::Overloaded | inference::Error::Closed | inference::Error::Inference(_) => {
            Exit::Internal
        }
    }
}

fn of_answer(error: &answer::Error) -> Exit {
    match error {
        answer::Error::Question(_) | answer::Error::Record { .. } | answer::Error::Knowledge(_) => {
            Exit::InvalidInput
        }
        answer::Error::InvalidOption { .. } => Exit::Usage,
        answer::Error::Inference(error) => of_inference(error),
        answer::Error::Index(_) | answer::Error::Lexical(_) | answer::Error::Stopped => Exit::Internal,
    }
}

/// What was asked for is not there, or the store cannot be used.
fn of_store(error: &store::Error) -> Exit {
    match error {
        store::Error::NotFound { .. } | store::Error::Invalid { .. } | store::Error::Archive { .. } => {
            Exit::InvalidInput
        }
        store::Error::Conflict { .. }
        | store::Error::StaleOwner { .. }
        | store::Error::KeyNotCurrent { .. }
        | store::Error::DiskFull
        | store::Error::Busy
        | store::Error::Unavailable { .. }
        | store::Error::Refused { .. }
        | store::Error::NewerSchema { .. }
        | store::Error::Schema { .. }
        | store::Error::Corrupt { .. } => Exit::Storage,
        store::Error::Defect { .. } => Exit::Internal,
    }
}

fn of_sealing(error: &sealing::Error) -> Exit {
    if matches!(error, sealing::Error::Backup { .. }) {
        return Exit::InvalidInput;
    }
    if matches!(error, sealing::Error::BackupKeys { .. }) { Exit::Usage } else { Exit::Storage }
}

fn of_backup(error: &BackupError) -> Exit {
    match error {
        BackupError::Exists { .. } => Exit::Usage,
        BackupError::Unreadable { .. } | BackupError::Differs { .. } => Exit::InvalidInput,
        BackupError::Unwritable { .. } => Exit::Storage,
    }
}

fn of_eval(error: &eval::Error) -> Exit {
    match error {
        eval::Error::File { .. }
        | eval::Error::NotASet { .. }
        | eval::Error::NotAReport { .. }
        | eval::Error::NotComparable(_) => Exit::InvalidInput,
        eval::Error::Answer(error) => of_answer(error),
    }
}
