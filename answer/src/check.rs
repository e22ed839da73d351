//! What an editor should know about a set of entries before it is served.

use std::collections::HashMap;

use crate::{FaqEntry, normalize};

/// Whether a [`Finding`] stops the entries from being served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The entries cannot be served.
    Error,
    /// They can, but an answer may be wrong or never given.
    Warning,
}

/// One thing about one entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether it stops serving.
    pub severity: Severity,
    /// Position of the entry in the list, from 0.
    pub position: usize,
    /// The entry's id.
    pub entry_id: String,
    /// A sentence for the editor.
    pub message: String,
}

/// Looks at all entries together: missing or double ids, empty texts, enabled entries without an answer, an end before
/// the beginning, one phrasing under two entries. In order of position; empty when all is well.
#[must_use]
pub fn check_knowledge(entries: &[FaqEntry]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut ids: HashMap<&str, usize> = HashMap::new();
    let mut phrasings: HashMap<String, usize> = HashMap::new();
    for (position, entry) in entries.iter().enumerate() {
        let mut report = |severity, message| {
            findings.push(Finding { severity, position, entry_id: entry.id.clone(), message });
        };
        if let Some(first) = ids.insert(&entry.id, position) {
            report(Severity::Error, format!("the id is already used by entry {}", first + 1));
        }
        entry_findings(entry, &mut report);
        for phrasing in entry.phrasings().map(normalize).filter(|phrasing| !phrasing.is_empty()) {
            shared_phrasing(entries, position, &phrasing, &phrasings, &mut report);
            phrasings.entry(phrasing).or_insert(position);
        }
    }
    findings
}

fn entry_findings(entry: &FaqEntry, report: &mut impl FnMut(Severity, String)) {
    if entry.id.trim().is_empty() {
        report(Severity::Error, "the id is empty".to_owned());
    }
    if !has_words(&entry.question) {
        report(Severity::Error, "the question has no letter or digit".to_owned());
    }
    if entry.similar.iter().chain(&entry.negative).any(|phrasing| !has_words(phrasing)) {
        report(Severity::Error, "a similar or negative question has no letter or digit".to_owned());
    }
    if entry.enabled && entry.answer().trim().is_empty() {
        report(Severity::Error, "the entry is enabled but has no answer".to_owned());
    }
    if let (Some(from), Some(until)) = (entry.valid_from, entry.valid_until)
        && until <= from
    {
        report(Severity::Error, "valid_until is not after valid_from".to_owned());
    }
}

fn shared_phrasing(
    entries: &[FaqEntry],
    position: usize,
    phrasing: &str,
    seen: &HashMap<String, usize>,
    report: &mut impl FnMut(Severity, String),
) {
    if let Some(&first) = seen.get(phrasing)
        && first != position
    {
        let other = &entries[first].id;
        report(Severity::Warning, format!("the phrasing \"{phrasing}\" also stands under entry {other}"));
    }
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}
