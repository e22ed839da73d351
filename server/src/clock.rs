//! The one place that reads the wall clock. Everything else receives the time.

use time::OffsetDateTime;

/// The present moment, UTC.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub(crate) fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}
