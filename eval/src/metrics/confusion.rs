//! Which entries are taken for which.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use crate::Judged;

/// Questions that expect one entry and find another best, or expect none and are answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// The entry that was expected; `None` for questions out of scope.
    pub expected: Option<String>,
    /// The entry that came first.
    pub best: String,
    /// How many such questions.
    pub questions: usize,
    /// How many of them were answered, wrongly: all that are out of scope.
    pub answered: usize,
}

/// The `most` frequent, those that were answered first among equals.
pub(super) fn confusions(judged: &[&Judged], most: usize) -> Vec<Confusion> {
    let mut counts: BTreeMap<(Option<&str>, &str), (usize, usize)> = BTreeMap::new();
    let confused =
        |judged: &&&Judged| !judged.is_hit() && (judged.expected.is_some() || judged.is_wrong_answer());
    for judged in judged.iter().filter(confused) {
        let Some(best) = judged.best.as_deref() else { continue };
        let (questions, answered) = counts.entry((judged.expected.as_deref(), best)).or_default();
        *questions += 1;
        *answered += usize::from(judged.is_wrong_answer());
    }
    let mut confusions: Vec<Confusion> = counts
        .into_iter()
        .map(|((expected, best), (questions, answered))| Confusion {
            expected: expected.map(str::to_owned),
            best: best.to_owned(),
            questions,
            answered,
        })
        .collect();
    confusions.sort_by_key(|confusion| Reverse((confusion.questions, confusion.answered)));
    confusions.truncate(most);
    confusions
}
