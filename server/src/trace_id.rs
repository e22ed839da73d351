//! The name under which one request is found in the log, in the reply and in the `x-request-id` header.

use std::fmt;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// A UUID. Ids made here are of version 7, so they sort by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(Uuid);

impl TraceId {
    /// A new id.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Takes over an id that a proxy gave: a UUID of any version, with or without hyphens. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// The 32 hexadecimal digits without hyphens.
    #[must_use]
    pub fn simple(self) -> String {
        self.0.simple().to_string()
    }
}

impl Default for TraceId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl Serialize for TraceId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_uuids_are_taken_over() {
        let hyphenated = "0192f0c1-2345-7abc-8def-0123456789ab";
        for given in [hyphenated, "0192f0c123457abc8def0123456789ab", "0192F0C1-2345-7ABC-8DEF-0123456789AB"]
        {
            assert_eq!(TraceId::parse(given).map(|id| id.to_string()).as_deref(), Some(hyphenated));
        }
        for given in
            ["", "abc", "0192f0c1-2345-7abc-8def-0123456789ab\n", "'; drop table", &"0".repeat(4_096)]
        {
            assert_eq!(TraceId::parse(given), None, "{given:?}");
        }
    }

    #[test]
    fn new_ids_differ_and_are_of_version_seven() {
        let id = TraceId::new();
        assert_ne!(id, TraceId::new());
        assert_eq!(id.to_string().as_bytes()[14], b'7');
    }
}
