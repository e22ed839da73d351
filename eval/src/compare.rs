//! Two reports side by side: what changed, whether it could be chance, and whether it is worse than allowed.

mod bootstrap;
mod mcnemar;
mod table;

use std::collections::{HashMap, VecDeque};

use serde::Serialize;

pub use self::mcnemar::McNemar;
use crate::{Error, FIGURES, Interval, Judged, Recorded, RecordedSet, Result};

/// A new report against an old one.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The new report's model.
    pub new_model: String,
    /// The old report's.
    pub old_model: String,
    /// How much worse a figure may be.
    pub tolerance: f64,
    /// The sets that both have, in the order of the new report.
    pub sets: Vec<Compared>,
    /// Sets that only the new report has.
    pub only_new: Vec<String>,
    /// Sets that only the old report has.
    pub only_old: Vec<String>,
}

/// One set in both reports.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// The set's name.
    pub name: String,
    /// Questions that both reports recorded; 0 when either holds only figures, and then nothing below is an interval
    /// or a test.
    pub paired: usize,
    /// Every figure that both have.
    pub changes: Vec<Change>,
    /// Whether the best candidate is the expected entry, over the in-scope questions.
    pub hit_at_1: Option<McNemar>,
    /// Whether the decision is right: answered with the expected entry, asked back with it among the options, handed
    /// over when a human was expected.
    pub right_decision: Option<McNemar>,
}

/// One figure in both reports.
#[derive(Clone, Debug, Serialize)]
pub struct Change {
    /// Its key in `report.json`.
    pub figure: &'static str,
    /// In the new report.
    pub new: f64,
    /// In the old one.
    pub old: f64,
    /// 95 % interval of new less old when the same questions are drawn again (paired bootstrap).
    pub difference: Option<Interval>,
    /// Whether it is worse by more than the tolerance.
    pub worse: bool,
}

impl Comparison {
    /// Whether a figure is worse by more than the tolerance, or a set of the old report is gone.
    #[must_use]
    pub fn is_worse(&self) -> bool {
        let worse = |set: &Compared| set.changes.iter().any(|change| change.worse);
        !self.only_old.is_empty() || self.sets.iter().any(worse)
    }
}

/// Compares the first models of both reports, set by set. The same reports always give the same result.
///
/// # Errors
/// [`Error::NotComparable`] when they have no set in common.
pub fn compare(new: &Recorded, old: &Recorded, tolerance: f64) -> Result<Comparison> {
    let of_name = |recorded: &'_ Recorded, name: &str| recorded.sets.iter().any(|set| set.name == name);
    let missing_in = |other: &Recorded, sets: &[RecordedSet]| {
        let missing = sets.iter().filter(|set| !of_name(other, &set.name));
        missing.map(|set| set.name.clone()).collect::<Vec<_>>()
    };
    let pairs =
        new.sets.iter().filter_map(|set| Some((set, old.sets.iter().find(|old| old.name == set.name)?)));
    let sets: Vec<Compared> = pairs.map(|(new, old)| compared(new, old, tolerance)).collect();
    if sets.is_empty() {
        return Err(Error::NotComparable("they have no set in common".to_owned()));
    }
    Ok(Comparison {
        new_model: new.model.clone(),
        old_model: old.model.clone(),
        tolerance,
        sets,
        only_new: missing_in(old, &new.sets),
        only_old: missing_in(new, &old.sets),
    })
}

fn compared(new: &RecordedSet, old: &RecordedSet, tolerance: f64) -> Compared {
    let pairs = paired(&new.judged, &old.judged);
    let intervals = bootstrap::differences(&pairs);
    let changes = FIGURES.iter().enumerate().filter_map(|(position, figure)| {
        let (new, old) = (figure.of(&new.metrics)?, figure.of(&old.metrics)?);
        let worse = figure.loss(new, old) > tolerance;
        let difference = intervals.get(position).copied().flatten();
        Some(Change { figure: figure.key, new, old, difference, worse })
    });
    let in_scope = pairs.iter().filter(|(new, _)| new.expected.is_some());
    Compared {
        name: new.name.clone(),
        paired: pairs.len(),
        changes: changes.collect(),
        hit_at_1: McNemar::of(in_scope.map(|(new, old)| (new.is_hit(), old.is_hit()))),
        right_decision: McNemar::of(
            pairs.iter().map(|(new, old)| (new.is_right_decision(), old.is_right_decision())),
        ),
    }
}

/// Each question of `new` with the same one of `old`: equal text and label, the first unused one where it was asked
/// more than once. In the order of `new`.
fn paired<'a>(new: &'a [Judged], old: &'a [Judged]) -> Vec<(&'a Judged, &'a Judged)> {
    let key = |judged: &'a Judged| (judged.text.as_str(), judged.expected.as_deref());
    let mut unused: HashMap<_, VecDeque<&Judged>> = HashMap::new();
    for judged in old {
        unused.entry(key(judged)).or_default().push_back(judged);
    }
    new.iter().filter_map(|judged| Some((judged, unused.get_mut(&key(judged))?.pop_front()?))).collect()
}
