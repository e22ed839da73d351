//! Everything the command line prints goes through here: results to stdout, everything else to stderr.

use std::{
    fmt::Display,
    io::{self, ErrorKind, IsTerminal as _, Write as _},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// The form of results on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people
    #[default]
    Text,
    /// One JSON value a line
    Json,
}

/// The reader of stdout has gone, as `head` does when it has seen enough. Ends the verb, is no failure.
#[derive(Debug, thiserror::Error)]
#[error("the reader of the output has gone")]
pub(super) struct ReaderGone;

/// How a text stands out on a terminal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Style {
    Strong,
    Good,
    Doubtful,
    Bad,
    Faint,
}

/// Where a verb prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    pub(super) form: Form,
    /// No notes and no progress.
    pub(super) quiet: bool,
}

impl Output {
    /// A result: `value` as JSON, or the text that `text` makes, with a line break after it.
    ///
    /// # Errors
    /// [`ReaderGone`], or what the system says about stdout.
    pub(super) fn result(self, value: &impl Serialize, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let line = match self.form {
            Form::Text => text(),
            Form::Json => serde_json::to_string(value)?,
        };
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", line.trim_end_matches('\n')).and_then(|()| stdout.flush()).map_err(|error| {
            if error.kind() == ErrorKind::BrokenPipe { ReaderGone.into() } else { anyhow::Error::new(error) }
        })
    }

    /// Whether results are JSON.
    pub(super) fn is_json(self) -> bool {
        self.form == Form::Json
    }

    /// A remark to the person at the terminal; nothing in JSON form or when quiet.
    pub(super) fn note(self, text: impl Display) {
        if self.form == Form::Text && !self.quiet {
            self.complain(text);
        }
    }

    /// What must be said, in any form: to stderr.
    #[expect(clippy::unused_self, reason = "nothing prints without holding an Output")]
    pub(super) fn complain(self, text: impl Display) {
        // With stderr closed there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// `text` in this style when stdout is a terminal that may be coloured (see no-color.org), else unchanged.
    pub(super) fn paint(self, style: Style, text: &str) -> String {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        if self.form == Form::Json || plain || !io::stdout().is_terminal() {
            return text.to_owned();
        }
        let code = match style {
            Style::Strong => 1,
            Style::Good => 32,
            Style::Doubtful => 33,
            Style::Bad => 31,
            Style::Faint => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// A bar on stderr; invisible in JSON form, when quiet, and when stderr is no terminal.
    pub(super) fn progress(self, message: &'static str) -> ProgressBar {
        if self.form == Form::Json || self.quiet {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_message(message);
        match ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

/// A number with its noun.
pub(super) fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// Rows of cells in columns, each as wide as its widest cell; a wide character (Chinese) counts two.
pub(super) fn columns(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..count).map(widest).collect();
    let line = |row: &Vec<String>| {
        let padded = row
            .iter()
            .zip(&widths)
            .map(|(cell, width_of_column)| format!("{cell}{}", " ".repeat(width_of_column - width(cell))));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Columns of a terminal, near enough for names and questions: everything from Hangul Jamo on counts as wide.
fn width(text: &str) -> usize {
    text.chars().map(|character| if character >= '\u{1100}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_under_chinese_names() {
        let rows = [["名字", "1"], ["name-a", "22"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(columns(&rows), "名字    1\nname-a  22");
    }
}
