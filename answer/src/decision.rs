//! What comes out: the decision, and everything that explains it.

use serde::Serialize;

use crate::{Band, Features, Probability};

/// What the engine does with a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Send this answer.
    Answer {
        /// The entry it comes from.
        entry_id: String,
        /// The entry's first answer text.
        answer: String,
    },
    /// Ask back: one of these entries is probably meant. Best first, one to [`Decision::MAX_OPTIONS`].
    Clarify {
        /// Entry ids.
        entry_ids: Vec<String>,
    },
    /// A human takes over.
    HandOff(HandOffReason),
}

impl Decision {
    /// Its band.
    #[must_use]
    pub fn band(&self) -> Band {
        match self {
            Self::Answer { .. } => Band::Answer,
            Self::Clarify { .. } => Band::Clarify,
            Self::HandOff(_) => Band::HandOff,
        }
    }

    /// More options than this are not read on a phone.
    pub const MAX_OPTIONS: usize = 3;
}

/// Why a human takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HandOffReason {
    /// No entry is probable enough, not even to ask back.
    LowConfidence,
    /// No entry may answer on this channel at this time.
    Unavailable,
    /// A greeting, thanks, laughter: nothing to look up, and nothing that an entry is for.
    ChitChat,
    /// Too little to mean anything: a digit, a letter, a particle.
    TooLittle,
}

/// What forbids an automatic answer, whatever the confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Question and matched phrasing say the opposite of each other.
    Polarity,
    /// They name different numbers of the same thing.
    Number,
    /// They name different models or codes.
    Name,
}

/// An entry that was considered.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The entry.
    pub entry_id: String,
    /// Its standard question.
    pub question: String,
    /// The phrasing closest to what was asked.
    pub matched_question: String,
    /// The chance that this entry is the right one.
    pub confidence: Probability,
    /// Log-odds before the isotonic correction, for explanations.
    pub score: f32,
    /// What the score follows from, for explanations.
    pub features: Features,
    /// What forbids that it answers.
    pub guards: Vec<Guard>,
}

/// Time spent, in milliseconds, by stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Stages {
    /// Waiting for and computing the question's vector.
    pub embed: f64,
    /// Candidates, features, confidence, policy.
    pub retrieve: f64,
    /// Waiting for and computing the reranker's scores; 0 without a reranker.
    pub rerank: f64,
}

/// A decision with what led to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// What to do.
    pub decision: Decision,
    /// The chance that the best candidate is right; [`Probability::ZERO`] without a candidate.
    pub confidence: Probability,
    /// The chance that some entry is meant; [`Probability::ZERO`] without a candidate.
    pub scope: Probability,
    /// Why this decision, in a sentence.
    pub why: String,
    /// What was considered, best first; at most ten.
    pub candidates: Vec<Candidate>,
    /// The question as it was compared.
    pub normalized: String,
    /// Time by stage.
    pub stages: Stages,
}

impl Decided {
    /// What is offered when the customer is asked back: of the first candidates those that are worth reading. Best first;
    /// empty without a candidate.
    pub fn options(&self) -> impl Iterator<Item = &Candidate> {
        let best = self.confidence.value();
        let likely = move |candidate: &&Candidate| candidate.confidence.value() >= best * OFFERED_SHARE;
        self.candidates.iter().take(Decision::MAX_OPTIONS).filter(likely)
    }
}

/// An option this much less probable than the first is not worth reading.
const OFFERED_SHARE: f32 = 0.02;
