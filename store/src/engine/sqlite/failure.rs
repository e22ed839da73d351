//! SQLite's errors, by what the caller can do.

use rusqlite::{ErrorCode, ffi};

use crate::Error;

pub(super) fn from_sqlite(error: &rusqlite::Error) -> Error {
    let Some(failure) = error.sqlite_error() else {
        return Error::defect(error);
    };
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the library adds codes; every other one is a wrong statement"
    )]
    match failure.code {
        ErrorCode::DiskFull => Error::DiskFull,
        // The file that connections share has no room to grow.
        ErrorCode::SystemIoFailure if failure.extended_code == ffi::SQLITE_IOERR_SHMSIZE => Error::DiskFull,
        ErrorCode::ConstraintViolation if is_unique(failure) => Error::taken(error),
        ErrorCode::ConstraintViolation => Error::invalid(error.to_string()),
        ErrorCode::DatabaseCorrupt => Error::Schema { reason: error.to_string() },
        ErrorCode::NotADatabase => Error::Refused { reason: error.to_string() },
        ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::OperationInterrupted
        | ErrorCode::OperationAborted => Error::unavailable(error),
        _ => Error::defect(error),
    }
}

fn is_unique(failure: &ffi::Error) -> bool {
    [ffi::SQLITE_CONSTRAINT_UNIQUE, ffi::SQLITE_CONSTRAINT_PRIMARYKEY].contains(&failure.extended_code)
}
