//! What comes in: a question that has been looked at once and can then be trusted.

use std::fmt;

use time::OffsetDateTime;

use crate::{Error, FaqEntry, Result, normalize};

/// A question that holds at least one letter or digit, and no control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    normalized: String,
    channel: Option<String>,
    now: Option<OffsetDateTime>,
}

/// What is wrong with a text that was meant as a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionProblem {
    /// Nothing, or white space only.
    Empty,
    /// Longer than [`Question::MAX_CHARACTERS`].
    TooLong {
        /// Characters found.
        characters: usize,
    },
    /// A control character other than tab and line break.
    ControlCharacter {
        /// Its position, in characters from 0.
        position: usize,
    },
    /// Only emoji, punctuation or symbols: nothing that could be looked up.
    NoWords,
}

impl Question {
    /// The longest question that is looked up. A message of a WeChat account holds at most 2,048 bytes, so this is
    /// room enough; longer texts are documents, not questions.
    pub const MAX_CHARACTERS: usize = 2_000;

    /// Checks and normalises `text`. `now` decides which entries are valid.
    ///
    /// # Errors
    /// [`Error::Question`] with what is wrong.
    pub fn new(text: &str, now: OffsetDateTime) -> Result<Self> {
        let normalized = checked(text).map_err(Error::Question)?;
        Ok(Self { normalized, channel: None, now: Some(now) })
    }

    /// A question at no particular time, which every enabled entry may answer.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn timeless(text: &str) -> Result<Self> {
        let normalized = checked(text).map_err(Error::Question)?;
        Ok(Self { normalized, channel: None, now: None })
    }

    /// The same question, asked on the channel of this name.
    #[must_use]
    pub fn on_channel(self, channel: Option<String>) -> Self {
        Self { channel, ..self }
    }

    /// The text after [`normalize()`]; never empty.
    #[must_use]
    pub fn normalized(&self) -> &str {
        &self.normalized
    }

    /// Whether `faq` may answer when and where this was asked.
    pub(crate) fn may_be_answered_by(&self, faq: &FaqEntry) -> bool {
        self.now.is_none_or(|now| faq.may_answer(now, self.channel.as_deref()))
    }
}

fn checked(text: &str) -> std::result::Result<String, QuestionProblem> {
    let characters = text.chars().count();
    if characters > Question::MAX_CHARACTERS {
        return Err(QuestionProblem::TooLong { characters });
    }
    if let Some(position) = text.chars().position(is_forbidden) {
        return Err(QuestionProblem::ControlCharacter { position });
    }
    if text.trim().is_empty() {
        return Err(QuestionProblem::Empty);
    }
    let normalized = normalize(text);
    if normalized.chars().any(char::is_alphanumeric) { Ok(normalized) } else { Err(QuestionProblem::NoWords) }
}

fn is_forbidden(character: char) -> bool {
    character.is_control() && !matches!(character, '\t' | '\n' | '\r')
}

impl fmt::Display for QuestionProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(formatter, "the question is empty"),
            Self::TooLong { characters } => write!(
                formatter,
                "the question has {characters} characters, at most {} are read",
                Question::MAX_CHARACTERS
            ),
            Self::ControlCharacter { position } => {
                write!(formatter, "the question has a control character at position {position}")
            }
            Self::NoWords => write!(formatter, "the question has no letter or digit to look up"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> Option<QuestionProblem> {
        match Question::new(text, OffsetDateTime::UNIX_EPOCH) {
            Err(Error::Question(problem)) => Some(problem),
            Ok(_) => None,
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn texts_that_are_no_question_are_named() {
        assert_eq!(problem(""), Some(QuestionProblem::Empty));
        assert_eq!(problem(" \n\t "), Some(QuestionProblem::Empty));
        assert_eq!(problem("退\u{0}款"), Some(QuestionProblem::ControlCharacter { position: 1 }));
        assert_eq!(problem("😀👍🏽"), Some(QuestionProblem::NoWords));
        assert_eq!(problem("？？！"), Some(QuestionProblem::NoWords));
        assert_eq!(problem(&"长".repeat(2_001)), Some(QuestionProblem::TooLong { characters: 2_001 }));
    }

    #[test]
    fn ordinary_texts_pass() {
        for text in ["退", "1", "怎么退款？\n急", &"长".repeat(2_000)] {
            assert_eq!(problem(text), None);
        }
    }
}
