//! What happened to one question.

use answer::{Candidate, Decided, Decision};
use serde::Serialize;

use crate::LabelledQuestion;

/// The decision without its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Band {
    /// Answered without a human.
    Answer,
    /// Asked back.
    Clarify,
    /// Handed over.
    #[serde(rename = "handoff")]
    HandOff,
}

/// One question, asked.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was asked and what was expected.
    pub question: LabelledQuestion,
    /// What was decided. A text that is no question (emoji only, say) counts as handed over: nobody is answered.
    pub band: Band,
    /// Best first; empty when nothing was found.
    pub candidates: Vec<Candidate>,
    /// The chance that some entry is meant, 0 to 1.
    pub scope: f32,
    /// From text to decision, in milliseconds.
    pub milliseconds: f64,
}

impl Outcome {
    pub(crate) fn new(question: &LabelledQuestion, decided: Option<Decided>, milliseconds: f64) -> Self {
        let band = decided.as_ref().map_or(Band::HandOff, |decided| band(&decided.decision));
        let scope = decided.as_ref().map_or(0.0, |decided| decided.scope.value());
        let candidates = decided.map_or_else(Vec::new, |decided| decided.candidates);
        Self { question: question.clone(), band, candidates, scope, milliseconds }
    }

    /// Position of the expected entry among the candidates, from 1. `None` when it is not among them, or none is
    /// expected.
    #[must_use]
    pub fn rank(&self) -> Option<usize> {
        let expected = self.question.expected.as_deref()?;
        self.candidates
            .iter()
            .position(|candidate| candidate.entry_id == expected)
            .map(|position| position + 1)
    }

    /// Whether the best candidate is the expected entry.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.rank() == Some(1)
    }

    /// Whether a customer was told something wrong: answered automatically, with another entry than the expected one
    /// or although a human was expected.
    #[must_use]
    pub fn is_wrong_answer(&self) -> bool {
        self.band == Band::Answer && !self.is_hit()
    }
}

fn band(decision: &Decision) -> Band {
    match decision {
        Decision::Answer { .. } => Band::Answer,
        Decision::Clarify { .. } => Band::Clarify,
        Decision::HandOff(_) => Band::HandOff,
    }
}
