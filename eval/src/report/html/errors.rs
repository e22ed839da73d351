//! The questions that went wrong, each folded.

use std::cmp::Reverse;

use super::escape::escape;
use crate::{
    Band, Considered, Outcome, SetReport,
    report::errors::{Misleading, misleading, shown},
};

/// The page would become too large for a browser with thousands of them; `errors.jsonl` has all.
const LISTED: usize = 200;

/// Wrong answers first, most confident first.
pub(super) fn errors(set: &SetReport) -> String {
    let mut errors: Vec<&Outcome> = set.errors().collect();
    errors.sort_by(|left, right| {
        let order = |outcome: &Outcome| Reverse(outcome.judged.is_wrong_answer());
        order(left).cmp(&order(right)).then(right.judged.confidence.total_cmp(&left.judged.confidence))
    });
    if errors.is_empty() {
        return String::new();
    }
    let note = match errors.len() {
        count if count > LISTED => format!("{count}, the first {LISTED} shown; all are in errors.jsonl"),
        count => count.to_string(),
    };
    let listed: String = errors.iter().take(LISTED).map(|outcome| error(outcome)).collect();
    format!("<details class=\"errors\"><summary>Errors <small>{note}</small></summary>\n{listed}</details>\n")
}

fn error(outcome: &Outcome) -> String {
    let judged = &outcome.judged;
    let decision = match judged.decision {
        Band::Answer => "<mark class=\"wrong\">answered</mark>",
        Band::Clarify => "<mark>asked back</mark>",
        Band::HandOff => "<mark>handed over</mark>",
    };
    let expected = match (&judged.expected, judged.note.as_deref()) {
        (Some(expected), _) => format!("expected {expected}"),
        (None, note) => format!("out of scope ({})", note.unwrap_or("near")),
    };
    format!(
        "<details class=\"error\"><summary>{decision} {} <small>{} · confidence {:.3}</small></summary>\n{}{}</details>\n",
        escape(&judged.text),
        escape(&expected),
        judged.confidence,
        misled(outcome),
        candidates(outcome),
    )
}

fn misled(outcome: &Outcome) -> String {
    let name = |feature: &Misleading| {
        format!("<b>{}</b> {:.3} against {:.3}", escape(feature.feature), feature.best, feature.expected)
    };
    let features: Vec<String> = misleading(outcome).iter().map(name).collect();
    if features.is_empty() {
        return String::new();
    }
    format!("<p>Differs most from the expected entry in: {}.</p>\n", features.join(" · "))
}

/// One column a candidate, one row a feature; the expected entry is marked, also when it stands further down.
fn candidates(outcome: &Outcome) -> String {
    let mut columns: Vec<&Considered> = shown(outcome).iter().collect();
    let expected = outcome.judged.expected.as_deref();
    let further = outcome.candidates.iter().skip(columns.len());
    columns.extend(further.filter(|candidate| Some(candidate.entry_id.as_str()) == expected));
    let Some(first) = columns.first() else { return "<p>Nothing was found.</p>\n".to_owned() };
    let head: String = columns.iter().map(|candidate| heading(candidate, expected)).collect();
    let names = first.features.0.iter().map(|(name, _)| *name);
    let rows: String = names.map(|name| row(name, &columns)).collect();
    let confidence: String =
        columns.iter().map(|candidate| format!("<td>{:.3}</td>", candidate.confidence)).collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr><th></th>{head}</tr></thead><tbody>\n\
         <tr><td>confidence</td>{confidence}</tr>\n{rows}</tbody></table></div>\n"
    )
}

fn heading(candidate: &Considered, expected: Option<&str>) -> String {
    let class = if Some(candidate.entry_id.as_str()) == expected { " class=\"expected\"" } else { "" };
    let matched = if candidate.matched_question == candidate.question {
        String::new()
    } else {
        format!("<i>{}</i>", escape(&candidate.matched_question))
    };
    format!(
        "<th{class}>{}<small>{}</small>{matched}</th>",
        escape(&candidate.entry_id),
        escape(&candidate.question)
    )
}

fn row(name: &str, columns: &[&Considered]) -> String {
    let cell = |candidate: &&Considered| {
        let value = candidate.features.get(name).map_or_else(String::new, |value| format!("{value:.3}"));
        format!("<td>{value}</td>")
    };
    let cells: String = columns.iter().map(cell).collect();
    format!("<tr><td>{}</td>{cells}</tr>\n", escape(name))
}
