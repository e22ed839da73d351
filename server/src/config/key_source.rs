//! Where a master key is kept, as one text.

use std::{ffi::OsString, path::PathBuf};

use sealing::MasterKeySource;
use serde::{Deserialize, Deserializer, de::Error as _};

/// `file:PATH`, `environment:VARIABLE` or `command:PROGRAM ARGUMENTS`; the words of a command are separated by white
/// space and cannot hold any. `None` for anything else.
pub(super) fn parse(text: &str) -> Option<MasterKeySource> {
    let (kind, rest) = text.split_once(':')?;
    let rest = rest.trim();
    if rest.is_empty() {
        return None;
    }
    match kind.trim() {
        "file" => Some(MasterKeySource::File(PathBuf::from(rest))),
        "environment" => Some(MasterKeySource::Environment(rest.to_owned())),
        "command" => Some(MasterKeySource::Command(rest.split_whitespace().map(OsString::from).collect())),
        _ => None,
    }
}

pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MasterKeySource, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| D::Error::custom("this is no place of a key"))
}

pub(super) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<MasterKeySource>, D::Error> {
    Ok(parse(&String::deserialize(deserializer)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_place_is_read() {
        let file = MasterKeySource::File(PathBuf::from("data/a b.key"));
        assert_eq!(parse("file:data/a b.key"), Some(file));
        let variable = MasterKeySource::Environment(String::from("YINGDA_MASTER_KEY"));
        assert_eq!(parse("environment: YINGDA_MASTER_KEY"), Some(variable));
        let words = ["vault", "read", "key"].map(OsString::from).to_vec();
        assert_eq!(parse("command:vault  read key"), Some(MasterKeySource::Command(words)));
    }

    #[test]
    fn what_is_no_place_of_a_key_is_refused() {
        for text in ["", "file:", "data/master.key", "vault:x", "command: "] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
