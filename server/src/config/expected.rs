//! Every key and what may stand there: the one list that values from files, variables and options are checked with.

use std::{fmt, net::SocketAddr};

use inference::DeviceChoice;
use sealing::backup::Recipients;
use toml::Value;

use super::key_source;

/// What a key accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Expected {
    Address,
    /// A whole number in this range, ends included.
    Whole(i64, i64),
    /// 0 to 1.
    Share,
    Flag,
    Text,
    TextOrEmpty,
    Device,
    OneOf(&'static [&'static str]),
    LogLevel,
    /// Nothing, or a whole number in this range, ends included.
    ZeroOr(i64, i64),
    /// Public keys for backups, none given twice.
    Recipients,
    /// Where a master key is kept.
    KeySource,
    /// The same, or nothing.
    KeySourceOrEmpty,
}

const GIBIBYTE: i64 = 1 << 30;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A hundred years.
const LONGEST_DAYS: i64 = 36_500;
const DAYS: Expected = Expected::Whole(0, LONGEST_DAYS);

/// All keys, in the order of `yingda.toml`.
pub(super) const KEYS: &[(&str, Expected)] = &[
    ("server.address", Expected::Address),
    ("server.max_body_bytes", Expected::Whole(1024, GIBIBYTE)),
    ("server.max_in_flight", Expected::Whole(1, 1_000_000)),
    ("server.request_timeout_ms", Expected::Whole(1, DAY_MS)),
    ("server.shutdown_timeout_ms", Expected::Whole(0, DAY_MS)),
    ("model.name", Expected::Text),
    ("model.folder", Expected::Text),
    ("model.device", Expected::Device),
    ("model.precision", Expected::OneOf(&["auto", "f32", "f16", "bf16", "int8"])),
    ("model.dimension", Expected::Whole(0, 65_536)),
    ("model.workers", Expected::Whole(0, 256)),
    ("model.pin_workers", Expected::Flag),
    ("model.queue_capacity", Expected::Whole(1, 10_000_000)),
    ("model.token_budget", Expected::Whole(0, 100_000_000)),
    ("model.cache_capacity", Expected::Whole(0, 100_000_000)),
    ("reranker.name", Expected::TextOrEmpty),
    ("reranker.candidates", Expected::Whole(2, 50)),
    ("reranker.queue_capacity", Expected::Whole(1, 10_000_000)),
    ("reranker.token_budget", Expected::Whole(1, 100_000_000)),
    ("knowledge.path", Expected::TextOrEmpty),
    ("knowledge.labels", Expected::TextOrEmpty),
    ("knowledge.poll_interval_ms", Expected::Whole(0, DAY_MS)),
    ("store.location", Expected::Text),
    ("keys.master", Expected::KeySource),
    ("keys.previous", Expected::KeySourceOrEmpty),
    ("backup.recipients", Expected::Recipients),
    ("retention.end_idle_days", DAYS),
    ("retention.message_bodies_days", DAYS),
    ("retention.receipts_days", DAYS),
    ("retention.deliveries_days", DAYS),
    ("retention.conversations_days", DAYS),
    ("retention.consents_days", DAYS),
    ("retention.contacts_days", DAYS),
    ("retention.events_days", DAYS),
    ("retention.embeddings_days", DAYS),
    ("retention.jobs_days", DAYS),
    ("retention.audit_days", Expected::ZeroOr(180, LONGEST_DAYS)),
    ("answer.risk_target", Expected::Share),
    ("answer.clarify_risk_target", Expected::Share),
    ("answer.out_of_scope_share", Expected::Share),
    ("answer.clarify_message", Expected::Text),
    ("answer.hand_off_message", Expected::Text),
    ("log.format", Expected::OneOf(&["text", "json"])),
    ("log.level", Expected::LogLevel),
];

/// What `key` (`section.key`) accepts; `None` for an unknown key.
pub(super) fn expected(key: &str) -> Option<Expected> {
    KEYS.iter().find(|(known, _)| *known == key).map(|(_, expected)| *expected)
}

const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

impl Expected {
    /// Whether a refused value may be a key that was written in place of where it is kept, or of its public half.
    pub(super) fn may_be_secret(self) -> bool {
        matches!(self, Self::Recipients | Self::KeySource | Self::KeySourceOrEmpty)
    }

    pub(super) fn accepts(self, value: &Value) -> bool {
        match self {
            Self::Whole(least, most) => {
                value.as_integer().is_some_and(|number| (least..=most).contains(&number))
            }
            Self::ZeroOr(least, most) => {
                value.as_integer().is_some_and(|number| number == 0 || (least..=most).contains(&number))
            }
            Self::Recipients => value.as_array().is_some_and(|keys| are_recipients(keys)),
            Self::Share => number(value).is_some_and(|number| (0.0..=1.0).contains(&number)),
            Self::Flag => value.is_bool(),
            Self::Address
            | Self::Text
            | Self::TextOrEmpty
            | Self::Device
            | Self::OneOf(_)
            | Self::LogLevel
            | Self::KeySource
            | Self::KeySourceOrEmpty => value.as_str().is_some_and(|text| self.accepts_text(text)),
        }
    }

    /// A variable or option holds text; this is the value that its text means here.
    pub(super) fn parse(self, text: &str) -> Value {
        let whole = || text.trim().parse().ok().map(Value::Integer);
        let fraction = || text.trim().parse().ok().map(Value::Float);
        let number = match self {
            Self::Whole(..) | Self::ZeroOr(..) => whole(),
            Self::Recipients => Some(Value::Array(words(text))),
            Self::Share => fraction(),
            Self::Flag => text.trim().parse().ok().map(Value::Boolean),
            Self::Address
            | Self::Text
            | Self::TextOrEmpty
            | Self::Device
            | Self::OneOf(_)
            | Self::LogLevel
            | Self::KeySource
            | Self::KeySourceOrEmpty => None,
        };
        number.unwrap_or_else(|| Value::String(text.to_owned()))
    }

    fn accepts_text(self, text: &str) -> bool {
        match self {
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::Text => !text.trim().is_empty(),
            Self::TextOrEmpty => true,
            Self::Device => text.parse::<DeviceChoice>().is_ok(),
            Self::OneOf(words) => words.contains(&text),
            Self::KeySource => key_source::parse(text).is_some(),
            Self::KeySourceOrEmpty => text.is_empty() || key_source::parse(text).is_some(),
            Self::LogLevel => text.split(',').all(is_log_directive),
            Self::Whole(..) | Self::ZeroOr(..) | Self::Recipients | Self::Share | Self::Flag => false,
        }
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => write!(formatter, "an IP address and a port, such as \"127.0.0.1:8080\""),
            Self::Whole(least, most) => write!(formatter, "a whole number from {least} to {most}"),
            Self::ZeroOr(least, most) => {
                write!(formatter, "0, or a whole number from {least} to {most}")
            }
            Self::Recipients => write!(formatter, "a list of public keys of age, such as [\"age1…\"]"),
            Self::Share => write!(formatter, "a number from 0 to 1"),
            Self::Flag => write!(formatter, "true or false"),
            Self::Text => write!(formatter, "a text that is not empty"),
            Self::TextOrEmpty => write!(formatter, "a text"),
            Self::Device => {
                write!(formatter, "\"cpu\", \"cuda\", \"metal\", or one with a number, such as \"cuda:1\"")
            }
            Self::OneOf(words) => write!(formatter, "\"{}\"", words.join("\" or \"")),
            Self::KeySource | Self::KeySourceOrEmpty => {
                write!(formatter, "\"file:PATH\", \"environment:VARIABLE\" or \"command:PROGRAM ARGUMENTS\"")
            }
            Self::LogLevel => {
                write!(
                    formatter,
                    "{}, or levels by module, such as \"info,tower_http=debug\"",
                    LEVELS.join(", ")
                )
            }
        }
    }
}

/// The words between commas and white space.
fn words(text: &str) -> Vec<Value> {
    let is_between = |character: char| character == ',' || character.is_whitespace();
    text.split(is_between)
        .filter(|word| !word.is_empty())
        .map(|word| Value::String(word.to_owned()))
        .collect()
}

fn are_recipients(keys: &[Value]) -> bool {
    let texts: Option<Vec<&str>> = keys.iter().map(Value::as_str).collect();
    texts.is_some_and(|texts| texts.is_empty() || Recipients::read(&texts.join("\n")).is_ok())
}

/// TOML writes 1 where 1.0 is meant.
fn number(value: &Value) -> Option<f64> {
    value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))
}

/// `level` or `module=level`. tracing would take a misspelt level for the name of a module and then log nothing.
fn is_log_directive(directive: &str) -> bool {
    let level = directive.rsplit('=').next().unwrap_or(directive).trim();
    LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level))
}
