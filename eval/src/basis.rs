//! What a decision rests on, so that one pass of questions tells what other thresholds would have decided.

use answer::{AnswerPolicy, Decided, Decision, HandOffReason, Probability};

use crate::{Band, Judged};

/// The part of a decided question that the thresholds look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basis {
    /// The chance that the best candidate is right.
    pub confidence: Probability,
    /// The chance that some entry is meant.
    pub scope: Probability,
    /// Whether no guard forbids that the best candidate answers.
    pub may_answer: bool,
    /// Whether thresholds matter at all: there is a candidate, and the question says something.
    pub open: bool,
}

impl Basis {
    /// For a text that is no question: nothing answers it.
    pub const NOTHING: Self =
        Self { confidence: Probability::ZERO, scope: Probability::ZERO, may_answer: false, open: false };

    /// What `policy` would have decided.
    #[must_use]
    pub fn band(&self, policy: AnswerPolicy) -> Band {
        if !self.open {
            Band::HandOff
        } else if self.may_answer && self.confidence >= policy.answer_at() {
            Band::Answer
        } else if self.scope >= policy.clarify_at() {
            Band::Clarify
        } else {
            Band::HandOff
        }
    }

    /// `judged` as `policy` would have decided it.
    pub(crate) fn judge(&self, judged: &Judged, policy: AnswerPolicy) -> Judged {
        let decision = self.band(policy);
        let offered =
            decision == Band::Clarify && judged.rank.is_some_and(|rank| rank <= Decision::MAX_OPTIONS);
        Judged { decision, offered, ..judged.clone() }
    }
}

impl From<&Decided> for Basis {
    fn from(decided: &Decided) -> Self {
        let best = decided.candidates.first();
        let closed = match decided.decision {
            Decision::HandOff(reason) => reason != HandOffReason::LowConfidence,
            Decision::Answer { .. } | Decision::Clarify { .. } => false,
        };
        Self {
            confidence: decided.confidence,
            scope: decided.scope,
            may_answer: best.is_some_and(|best| best.guards.is_empty()),
            open: best.is_some() && !closed,
        }
    }
}
