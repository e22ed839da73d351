//! The one place that reads the wall clock. Everything else receives the time.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// The present moment, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The same for rows.
pub(crate) fn timestamp() -> store::Timestamp {
    store::Timestamp(i64::try_from(now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
}

/// A row's moment as people and programs read it: RFC 3339, UTC.
pub(crate) fn written(at: store::Timestamp) -> String {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000);
    let written = moment.ok().and_then(|moment| moment.format(&Rfc3339).ok());
    written.unwrap_or_else(|| format!("{} ms", at.0))
}
