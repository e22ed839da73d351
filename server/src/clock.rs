//! The one place that reads the wall clock. Everything else receives the time.

use time::OffsetDateTime;

/// The present moment, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// The same for rows.
pub(crate) fn timestamp() -> store::Timestamp {
    store::Timestamp(i64::try_from(now().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX))
}
