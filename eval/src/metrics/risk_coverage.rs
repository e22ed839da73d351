//! What share of the questions could be answered at what share of wrong answers, as the threshold moves.

use serde::{Deserialize, Serialize};

use crate::Judged;

/// What happens when everything at or above `threshold` is answered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The threshold.
    pub threshold: f32,
    /// Share of all questions that are answered.
    pub coverage: f64,
    /// Share of the answers that are wrong.
    pub wrong_answer_rate: f64,
}

/// A question by what its best candidate scores, and whether answering with that candidate is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scored {
    pub(super) score: f32,
    pub(super) wrong: bool,
}

/// Questions by the confidence of their best candidate; those without one cannot be answered.
pub(super) fn by_confidence(judged: &[&Judged]) -> Vec<Scored> {
    let with_candidate = judged.iter().filter(|judged| judged.best.is_some());
    with_candidate.map(|judged| Scored { score: judged.confidence, wrong: !judged.is_hit() }).collect()
}

/// One point for each different score, highest threshold first: coverage only grows. `asked` counts the questions
/// without a candidate too.
pub(super) fn curve(mut scored: Vec<Scored>, asked: usize) -> Vec<CurvePoint> {
    scored.sort_by(|left, right| right.score.total_cmp(&left.score));
    let (mut answered, mut wrong) = (0usize, 0usize);
    let tied = scored.chunk_by(|left, right| left.score == right.score);
    tied.map(|questions| {
        answered += questions.len();
        wrong += questions.iter().filter(|question| question.wrong).count();
        CurvePoint {
            threshold: questions[0].score,
            coverage: answered as f64 / asked as f64,
            wrong_answer_rate: wrong as f64 / answered as f64,
        }
    })
    .collect()
}

/// About `most` points of a curve, evenly spread, with the last.
pub(super) fn thinned(curve: Vec<CurvePoint>, most: usize) -> Vec<CurvePoint> {
    let step = curve.len().div_ceil(most).max(1);
    let last = curve.len().saturating_sub(1);
    let kept =
        curve.into_iter().enumerate().filter(|(position, _)| position % step == 0 || *position == last);
    kept.map(|(_, point)| point).collect()
}
