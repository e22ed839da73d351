//! One piece of knowledge: an answer and the ways to ask for it.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// An answer and its phrasings. The record format of `knowledge.jsonl`, whose `answer` and `answers` both land in
/// [`answers`](Self::answers).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaqEntry {
    /// Unique within a knowledge base.
    pub id: String,
    /// The standard phrasing, shown to customers and editors.
    pub question: String,
    /// Other ways to ask the same.
    #[serde(default)]
    pub similar: Vec<String>,
    /// Look-alike questions that this entry does not answer: they push it down.
    #[serde(default)]
    pub negative: Vec<String>,
    /// One or several texts; the first is sent. May be empty in a labelled set that only measures retrieval.
    #[serde(default, alias = "answer", deserialize_with = "one_or_many")]
    pub answers: Vec<String>,
    /// For editors and reports.
    #[serde(default)]
    pub category: Option<String>,
    /// For editors and reports.
    #[serde(default)]
    pub tags: Vec<String>,
    /// A disabled entry never answers.
    #[serde(default = "enabled_by_default")]
    pub enabled: bool,
    /// From this moment on, inclusive; RFC 3339.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub valid_from: Option<OffsetDateTime>,
    /// Until this moment, exclusive; RFC 3339.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub valid_until: Option<OffsetDateTime>,
    /// The channels it answers on; empty means all.
    #[serde(default)]
    pub channels: Vec<String>,
}

impl FaqEntry {
    /// An enabled entry with a standard phrasing and nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>, question: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            question: question.into(),
            similar: Vec::new(),
            negative: Vec::new(),
            answers: Vec::new(),
            category: None,
            tags: Vec::new(),
            enabled: true,
            valid_from: None,
            valid_until: None,
            channels: Vec::new(),
        }
    }

    /// The standard phrasing, then the similar ones.
    pub fn phrasings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.question.as_str()).chain(self.similar.iter().map(String::as_str))
    }

    /// The text that is sent; empty when the entry has none.
    #[must_use]
    pub fn answer(&self) -> &str {
        self.answers.first().map_or("", String::as_str)
    }

    /// Whether it may answer at `now` on `channel`. A question from no particular channel is answered by entries of
    /// every channel.
    #[must_use]
    pub fn may_answer(&self, now: OffsetDateTime, channel: Option<&str>) -> bool {
        let started = self.valid_from.is_none_or(|from| from <= now);
        let ended = self.valid_until.is_some_and(|until| until <= now);
        let here = self.channels.is_empty()
            || channel.is_none_or(|name| self.channels.iter().any(|own| own == name));
        self.enabled && started && !ended && here
    }
}

fn enabled_by_default() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(match Option::<OneOrMany>::deserialize(deserializer)? {
        None => Vec::new(),
        Some(OneOrMany::One(text)) => vec![text],
        Some(OneOrMany::Many(texts)) => texts,
    })
}
