//! What was answered, asked back and handed over, and how much of it rightly.

use super::{Interval, share::share};
use crate::{Band, Judged, Scope};

pub(super) fn coverage(judged: &[&Judged]) -> Option<f64> {
    share(judged.iter().copied(), |judged| judged.decision == Band::Answer)
}

pub(super) fn wrong_answer_rate(judged: &[&Judged]) -> Option<f64> {
    share(of_band(judged, Band::Answer), Judged::is_wrong_answer)
}

pub(super) fn wrong_answer_interval(judged: &[&Judged]) -> Option<Interval> {
    let answered = of_band(judged, Band::Answer).count();
    let wrong = of_band(judged, Band::Answer).filter(|judged| judged.is_wrong_answer()).count();
    Interval::of_share(wrong, answered)
}

pub(super) fn clarify_rate(judged: &[&Judged]) -> Option<f64> {
    share(judged.iter().copied(), |judged| judged.decision == Band::Clarify)
}

pub(super) fn clarify_success(judged: &[&Judged]) -> Option<f64> {
    share(of_band(judged, Band::Clarify), |judged| judged.offered)
}

pub(super) fn handoff_rate(judged: &[&Judged]) -> Option<f64> {
    share(judged.iter().copied(), |judged| judged.decision == Band::HandOff)
}

/// Out of scope there is never a hit, so "no hit" is both reasons in one.
pub(super) fn handoff_precision(judged: &[&Judged]) -> Option<f64> {
    share(of_band(judged, Band::HandOff), |judged| !judged.is_hit())
}

pub(super) fn handoff_recall_near(judged: &[&Judged]) -> Option<f64> {
    handoff_recall(judged, Scope::Near)
}

pub(super) fn handoff_recall_far(judged: &[&Judged]) -> Option<f64> {
    handoff_recall(judged, Scope::Far)
}

fn handoff_recall(judged: &[&Judged], scope: Scope) -> Option<f64> {
    let of_scope = judged.iter().copied().filter(|judged| judged.scope() == scope);
    share(of_scope, |judged| judged.decision == Band::HandOff)
}

fn of_band<'a>(judged: &'a [&Judged], band: Band) -> impl Iterator<Item = &'a Judged> {
    judged.iter().copied().filter(move |judged| judged.decision == band)
}
