//! PostgreSQL's errors, by what the caller can do.

use tokio_postgres::error::SqlState;

use crate::Error;

/// Messages of the server can quote values, so only the message itself is kept, not its detail.
pub(super) fn from_postgres(error: &tokio_postgres::Error) -> Error {
    let Some(failure) = error.as_db_error() else {
        if let Some(reason) = why_not_encrypted(error) {
            return Error::Refused { reason };
        }
        return if error.is_closed() || error.code().is_none() {
            Error::unavailable(describe(error))
        } else {
            Error::defect(error)
        };
    };
    let said = failure.message().to_owned();
    match failure.code() {
        &SqlState::DISK_FULL => Error::DiskFull,
        &SqlState::UNIQUE_VIOLATION => Error::taken(&said),
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

/// What the operator has to change before the connection can be encrypted; `None` if something else failed.
fn why_not_encrypted(error: &tokio_postgres::Error) -> Option<String> {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        let inner = found.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(refused) =
            found.downcast_ref::<rustls::Error>().or(inner).filter(|error| is_lasting(error))
        {
            return Some(format!("the server's certificate or its encryption: {refused}"));
        }
        cause = found.source();
    }
    let said = describe(error);
    said.contains(NO_TLS).then_some(said)
}

fn is_lasting(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(_)
            | rustls::Error::NoCertificatesPresented
            | rustls::Error::PeerIncompatible(_)
    )
}

/// In the words of `tokio_postgres`, which has no kind for it.
const NO_TLS: &str = "server does not support TLS";

fn describe(error: &tokio_postgres::Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
