//! What a decision rests on, so that one pass of questions tells what other thresholds would have decided.

use answer::{AnswerPolicy, Band, Decided, Decision, HandOffReason, Probability};

use crate::Judged;

/// The part of a decided question that the thresholds look at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Basis {
    /// The chance that the best candidate is right.
    pub confidence: Probability,
    /// The chance that some entry is meant.
    pub scope: Probability,
    /// Whether no guard forbids that the best candidate answers.
    pub may_answer: bool,
    /// Whether the expected entry would be among the options if it were asked back.
    pub offers: bool,
    /// Whether thresholds matter at all: there is a candidate, and the question says something.
    pub open: bool,
}

impl Basis {
    /// For a text that is no question: nothing answers it.
    pub const NOTHING: Self = Self {
        confidence: Probability::ZERO,
        scope: Probability::ZERO,
        may_answer: false,
        offers: false,
        open: false,
    };

    pub(crate) fn of(decided: &Decided, offers: bool) -> Self {
        let best = decided.candidates.first();
        let closed = match decided.decision {
            Decision::HandOff(reason) => reason != HandOffReason::LowConfidence,
            Decision::Answer { .. } | Decision::Clarify { .. } => false,
        };
        Self {
            confidence: decided.confidence,
            scope: decided.scope,
            may_answer: best.is_some_and(|best| best.guards.is_empty()),
            offers,
            open: best.is_some() && !closed,
        }
    }

    /// What `policy` would have decided.
    #[must_use]
    pub fn band(&self, policy: AnswerPolicy) -> Band {
        if self.open { policy.band(self.confidence, self.scope, self.may_answer) } else { Band::HandOff }
    }

    /// `judged` as `policy` would have decided it.
    pub(crate) fn judge(&self, judged: &Judged, policy: AnswerPolicy) -> Judged {
        let decision = self.band(policy);
        Judged { decision, offered: decision == Band::Clarify && self.offers, ..judged.clone() }
    }
}
