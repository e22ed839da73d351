//! How confidences are spread, by what the questions turned out to be.

use serde::{Deserialize, Serialize};

use crate::{Judged, Scope};

/// Bins of equal width from 0 to 1.
pub const BINS: usize = 20;

/// Questions by confidence: entry `i` counts those from `i / 20` up to `(i + 1) / 20`; the last includes 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histograms {
    /// In scope, and the best candidate is the expected entry.
    pub right: [usize; BINS],
    /// In scope, and it is not.
    pub wrong: [usize; BINS],
    /// Out of scope, the same trade.
    pub near: [usize; BINS],
    /// Out of scope, something else.
    pub far: [usize; BINS],
}

impl Histograms {
    pub(super) fn of(judged: &[&Judged]) -> Self {
        let mut histograms = Self::default();
        for judged in judged {
            let class = match judged.scope() {
                Scope::In if judged.is_hit() => &mut histograms.right,
                Scope::In => &mut histograms.wrong,
                Scope::Near => &mut histograms.near,
                Scope::Far => &mut histograms.far,
            };
            class[((judged.confidence * BINS as f32) as usize).min(BINS - 1)] += 1;
        }
        histograms
    }
}
