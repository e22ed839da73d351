//! Where the expected entry stood, over the in-scope questions.

use super::share::{mean, share};
use crate::Judged;

pub(super) fn hit_at(judged: &[&Judged], depth: usize) -> Option<f64> {
    share(in_scope(judged), |judged| judged.rank.is_some_and(|rank| rank <= depth))
}

/// Mean reciprocal rank.
pub(super) fn mrr(judged: &[&Judged]) -> Option<f64> {
    mean(in_scope(judged).map(|judged| judged.rank.map_or(0.0, |rank| 1.0 / rank as f64)))
}

/// Järvelin and Kekäläinen 2002 with the discount log2(1 + rank); the ideal is 1, since one entry is relevant.
pub(super) fn ndcg(judged: &[&Judged]) -> Option<f64> {
    let gain = |rank: usize| if rank <= DEPTH { 1.0 / (1.0 + rank as f64).log2() } else { 0.0 };
    mean(in_scope(judged).map(|judged| judged.rank.map_or(0.0, gain)))
}

const DEPTH: usize = 10;

fn in_scope<'a>(judged: &'a [&Judged]) -> impl Iterator<Item = &'a Judged> {
    judged.iter().copied().filter(|judged| judged.expected.is_some())
}
