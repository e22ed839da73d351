//! One check and how it is shown.

use serde::Serialize;

use crate::cli::output::{Output, Style};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Good,
    /// It works, but not as well as it could.
    Doubtful,
    Bad,
    /// Something before it failed.
    NotChecked,
}

/// What was looked at and what was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Check {
    name: &'static str,
    state: State,
    found: String,
    /// What to do about it.
    advice: Option<&'static str>,
}

impl Check {
    pub(super) fn good(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, state: State::Good, found: found.into(), advice: None }
    }

    pub(super) fn doubtful(name: &'static str, found: impl Into<String>, advice: &'static str) -> Self {
        Self { name, state: State::Doubtful, found: found.into(), advice: Some(advice) }
    }

    /// `error` with all its causes.
    pub(super) fn bad(name: &'static str, error: impl Into<anyhow::Error>, advice: &'static str) -> Self {
        Self { name, state: State::Bad, found: format!("{:#}", error.into()), advice: Some(advice) }
    }

    pub(super) fn not_checked(name: &'static str, because: &str) -> Self {
        Self { name, state: State::NotChecked, found: format!("not checked: {because}"), advice: None }
    }

    pub(super) fn is_bad(&self) -> bool {
        self.state == State::Bad
    }

    /// A line, and a second one with the advice.
    pub(super) fn text(&self, output: Output) -> String {
        let mark = match self.state {
            State::Good => output.paint(Style::Good, "✓"),
            State::Doubtful => output.paint(Style::Doubtful, "!"),
            State::Bad => output.paint(Style::Bad, "✗"),
            State::NotChecked => output.paint(Style::Faint, "-"),
        };
        let advice = self.advice.map(|advice| format!("\n    → {advice}")).unwrap_or_default();
        format!("{mark} {:NAME_WIDTH$}  {}{advice}", self.name, self.found)
    }
}

/// As long as the longest name.
const NAME_WIDTH: usize = "configuration".len();
