//! PostgreSQL's errors, by what the caller can do.

use tokio_postgres::error::SqlState;

use crate::Error;

/// Messages of the server can quote values, so only the message itself is kept, not its detail.
pub(super) fn from_postgres(error: &tokio_postgres::Error) -> Error {
    let Some(failure) = error.as_db_error() else {
        return if error.is_closed() || error.code().is_none() {
            Error::unavailable(describe(error))
        } else {
            Error::defect(error)
        };
    };
    let said = failure.message().to_owned();
    match failure.code() {
        &SqlState::DISK_FULL => Error::DiskFull,
        &SqlState::UNIQUE_VIOLATION => Error::Conflict { what: said },
        code => match code.code().get(..2) {
            Some("23" | "22") => Error::Invalid { what: said },
            // Connection, resources, an operator, the system, a deadlock.
            Some("08" | "53" | "57" | "58" | "40" | "55" | "25") => Error::Unavailable { reason: said },
            Some("XX") => Error::Schema { reason: said },
            Some("28" | "3D") => Error::Refused { reason: said },
            _ => Error::Defect { reason: said },
        },
    }
}

fn describe(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
