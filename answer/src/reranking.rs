//! The optional second opinion on the best candidates: who gives it, and on how many.

use std::{fmt, ops::RangeInclusive};

use inference::Reranker;

use crate::{Error, Result};

/// A cross-encoder that reads the question together with each of the best candidates. It orders them anew, and what it
/// says is part of the features that the calibration weighs.
#[derive(Clone)]
pub struct Reranking {
    /// Scores the candidates, on its own threads.
    pub reranker: Reranker,
    /// How many candidates are scored, best first: [`CANDIDATES`](Self::CANDIDATES).
    pub candidates: usize,
}

impl Reranking {
    /// One alone has nothing to be compared with; beyond fifty the right one is hardly ever found, and each takes time.
    pub const CANDIDATES: RangeInclusive<usize> = 2..=50;

    /// # Errors
    /// [`Error::InvalidOption`] for a number of candidates that is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        let (least, most) = (Self::CANDIDATES.start(), Self::CANDIDATES.end());
        if Self::CANDIDATES.contains(&self.candidates) {
            return Ok(());
        }
        let reason = format!("{} is not between {least} and {most}", self.candidates);
        Err(Error::InvalidOption { name: "candidates", reason })
    }
}

impl fmt::Debug for Reranking {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Reranking")
            .field("reranker", &self.reranker.info().name)
            .field("candidates", &self.candidates)
            .finish()
    }
}
