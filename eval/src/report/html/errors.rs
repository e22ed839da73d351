//! The questions that went wrong, each folded.

use std::cmp::Reverse;

use super::escape::escape;
use crate::{
    Band, Considered, Outcome, SetReport,
    report::errors::{Misleading, misleading, shown},
};

/// The page would become too large for a browser with thousands of them; `errors.jsonl` has all.
const LISTED: usize = 100;

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
    let listed: String = errors.iter().take(LISTED).map(|outcome| error(set, outcome)).collect();
    format!("<details class=\"errors\"><summary>Errors <small>{note}</small></summary>\n{listed}</details>\n")
}

fn error(set: &SetReport, outcome: &Outcome) -> String {
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
        "<details class=\"error\"><summary>{decision} {} <small>{} · confidence {:.3}</small></summary>\n<p>{}.</p>\n{}{}</details>\n",
        escape(&judged.text),
        escape(&expected),
        judged.confidence,
        escape(&outcome.why),
        misled(set, outcome),
        candidates(set, outcome),
    )
}

fn misled(set: &SetReport, outcome: &Outcome) -> String {
    let name = |feature: &Misleading| {
        format!(
            "<b>{}</b> {:+.2} ({:.2} against {:.2})",
            escape(feature.feature),
            feature.push,
            feature.best,
            feature.expected
        )
    };
    let features: Vec<String> = misleading(set, outcome).iter().map(name).collect();
    if features.is_empty() {
        return String::new();
    }
    format!("<p>Spoke for it against the expected entry, in log-odds: {}.</p>\n", features.join(" · "))
}

/// One column a candidate, one row a feature; the expected entry is marked, also when it stands further down.
fn candidates(set: &SetReport, outcome: &Outcome) -> String {
    let mut columns: Vec<&Considered> = shown(outcome).iter().collect();
    let expected = outcome.judged.expected.as_deref();
    let further = outcome.candidates.iter().skip(columns.len());
    columns.extend(further.filter(|candidate| Some(candidate.entry_id.as_str()) == expected));
    let Some(first) = columns.first() else { return "<p>Nothing was found.</p>\n".to_owned() };
    let head: String = columns.iter().map(|candidate| heading(candidate, expected)).collect();
    let names = first.features.iter().map(|feature| feature.name).filter(|name| tells(name, &columns));
    let rows: String = names.map(|name| row(name, set.weight(name), &columns)).collect();
    let confidence: String =
        columns.iter().map(|candidate| format!("<td>{:.3}</td>", candidate.confidence)).collect();
    format!(
        "<div class=\"scroll\"><table><thead><tr><th></th><th>weight</th>{head}</tr></thead><tbody>\n\
         <tr><td>confidence</td><td></td>{confidence}</tr>\n{rows}</tbody></table></div>\n"
    )
}

/// A feature that is 0 for all explains nothing.
fn tells(name: &str, columns: &[&Considered]) -> bool {
    columns.iter().any(|candidate| candidate.value(name).is_some_and(|value| value != 0.0))
}

fn heading(candidate: &Considered, expected: Option<&str>) -> String {
    let class = if Some(candidate.entry_id.as_str()) == expected { " class=\"expected\"" } else { "" };
    let matched = if candidate.matched_question == candidate.question {
        String::new()
    } else {
        format!("<i>{}</i>", escape(&candidate.matched_question))
    };
    format!(
        "<th{class}>{}<small>{}</small>{matched}{}</th>",
        escape(&candidate.entry_id),
        escape(&candidate.question),
        guards(candidate)
    )
}

fn row(name: &str, weight: Option<f64>, columns: &[&Considered]) -> String {
    let weight = weight.map_or_else(String::new, |weight| format!("{weight:+.2}"));
    let cell = |candidate: &&Considered| {
        let value = candidate.value(name).map_or_else(String::new, |value| format!("{value:.3}"));
        format!("<td>{value}</td>")
    };
    let cells: String = columns.iter().map(cell).collect();
    format!("<tr><td>{}</td><td>{weight}</td>{cells}</tr>\n", escape(name))
}

fn guards(candidate: &Considered) -> String {
    let guard =
        |guard: &answer::Guard| format!("<mark class=\"wrong\">{}</mark>", escape(&format!("{guard:?}")));
    candidate.guards.iter().map(guard).collect()
}
