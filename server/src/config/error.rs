//! What is wrong with the configuration, said so that the operator finds the place.

use std::path::PathBuf;

use super::layers::Origin;

/// Why the configuration is refused. Correct the named place and start again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read the configuration file {}: {reason}", path.display())]
    Unreadable { path: PathBuf, reason: String },
    #[error("configuration file {}, line {line}: {reason}", path.display())]
    Syntax { path: PathBuf, line: usize, reason: String },
    #[error("unknown key {key} ({origin}); {advice}")]
    UnknownKey { key: String, origin: Origin, advice: String },
    #[error("{key} = {value} ({origin}): expected {expected}")]
    Value { key: String, value: String, origin: Origin, expected: String },
    #[error("the environment variable {name} is not valid UTF-8")]
    Variable { name: String },
}
