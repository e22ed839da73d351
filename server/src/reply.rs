//! What `POST /v1/ask` and the `ask` verb take and give.

mod conversation;
mod explanation;

use answer::{Candidate, Decided, Decision, HandOffReason};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::conversation::{ConversationState, EndedConversation};
pub use self::explanation::{Explanation, StageTimes, Thresholds};
use crate::trace_id::TraceId;

/// A question. Unknown fields are refused.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// The customer's words, 1 to 2,000 characters with at least one letter or digit.
    #[schema(min_length = 1, max_length = 2000, examples("怎么退款"))]
    pub text: String,
    /// Where it was asked: entries bound to other channels do not answer. Left out: entries of every channel do.
    #[serde(default)]
    pub channel: Option<String>,
    /// Whether the reply explains itself; the same as `?explain=true`.
    #[serde(default)]
    pub explain: bool,
    /// The conversation that the question belongs to: a UUID of your choice; the first message with it begins the
    /// conversation. Message and reply are then recorded, sealed. Left out: nothing is recorded.
    #[serde(default)]
    #[schema(format = "uuid")]
    pub conversation_id: Option<String>,
    /// Names the message within its conversation, 1 to 128 characters; required there. A message that is sent again gets
    /// the reply that was stored. Kept as a plain hash: nothing personal.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    pub message_id: Option<String>,
    /// Who asks, as you know the person on this channel, 1 to 128 characters; kept sealed. Left out: somebody of whom
    /// nothing but this conversation is known.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 128)]
    pub contact_id: Option<String>,
}

/// What to do with the question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AskResponse {
    /// Send `answer`, ask back with `options`, or call a human for `reason`.
    pub decision: DecisionKind,
    /// The chance that the best candidate is the right one, 0 to 1.
    pub confidence: f32,
    /// The text to send; null unless the decision is `answer`.
    pub answer: Option<String>,
    /// The entry that answers; null unless the decision is `answer`.
    pub entry_id: Option<String>,
    /// The phrasing of that entry closest to the question; null unless the decision is `answer`.
    pub matched_question: Option<String>,
    /// What to ask back, best first; empty unless the decision is `clarify`.
    pub options: Vec<ClarifyOption>,
    /// Why a human takes over; null unless the decision is `handoff`.
    pub reason: Option<Reason>,
    /// The id of this request, also in the `x-request-id` header and the log.
    #[schema(value_type = String, format = "uuid")]
    pub trace_id: TraceId,
    /// Time from the question to this reply, in milliseconds.
    pub took_ms: f64,
    /// Where the conversation stands; only for a question that belongs to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationState>,
    /// Only when asked for; never of a reply that was stored before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
}

/// The three decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecisionKind {
    /// An entry answers.
    Answer,
    /// The customer is asked which entry is meant.
    Clarify,
    /// A human takes over.
    HandOff,
}

impl DecisionKind {
    /// As sent: `answer`, `clarify` or `handoff`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Clarify => "clarify",
            Self::HandOff => "handoff",
        }
    }
}

/// Why a human takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No entry is probable enough, not even to ask back.
    LowConfidence,
    /// No entry may answer on this channel at this time.
    Unavailable,
    /// A greeting, thanks, laughter: nothing to look up, and nothing that an entry is for.
    ChitChat,
    /// Too little to mean anything: a digit, a letter, a particle.
    TooLittle,
    /// A person answers this conversation already; the bot does not.
    Assigned,
}

impl Reason {
    /// As sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LowConfidence => "low_confidence",
            Self::Unavailable => "unavailable",
            Self::ChitChat => "chit_chat",
            Self::TooLittle => "too_little",
            Self::Assigned => "assigned",
        }
    }
}

impl From<HandOffReason> for Reason {
    fn from(reason: HandOffReason) -> Self {
        match reason {
            HandOffReason::LowConfidence => Self::LowConfidence,
            HandOffReason::Unavailable => Self::Unavailable,
            HandOffReason::ChitChat => Self::ChitChat,
            HandOffReason::TooLittle => Self::TooLittle,
        }
    }
}

/// The decision as one word of this interface.
pub(crate) fn band(decision: &Decision) -> DecisionKind {
    match decision {
        Decision::Answer { .. } => DecisionKind::Answer,
        Decision::Clarify { .. } => DecisionKind::Clarify,
        Decision::HandOff(_) => DecisionKind::HandOff,
    }
}

/// One thing the customer may have meant.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize, ToSchema)]
pub struct ClarifyOption {
    /// The entry.
    pub entry_id: String,
    /// Its standard question, to be shown.
    pub question: String,
    /// The chance that it is the right one, 0 to 1.
    pub confidence: f32,
}

impl AskResponse {
    /// What is sent for `decided`, without an explanation.
    pub(crate) fn new(decided: &Decided, trace_id: TraceId, took_ms: f64) -> Self {
        let mut response = Self {
            decision: DecisionKind::HandOff,
            confidence: decided.confidence.value(),
            answer: None,
            entry_id: None,
            matched_question: None,
            options: Vec::new(),
            reason: None,
            trace_id,
            took_ms: to_microseconds(took_ms),
            conversation: None,
            explain: None,
        };
        match &decided.decision {
            Decision::Answer { entry_id, answer } => {
                response.decision = DecisionKind::Answer;
                response.answer = Some(answer.clone());
                response.matched_question =
                    candidate(decided, entry_id).map(|candidate| candidate.matched_question.clone());
                response.entry_id = Some(entry_id.clone());
            }
            Decision::Clarify { entry_ids } => {
                response.decision = DecisionKind::Clarify;
                let offered = entry_ids.iter().filter_map(|entry_id| candidate(decided, entry_id));
                response.options = offered.map(ClarifyOption::from).collect();
            }
            Decision::HandOff(reason) => response.reason = Some((*reason).into()),
        }
        response
    }
}

impl From<&Candidate> for ClarifyOption {
    fn from(candidate: &Candidate) -> Self {
        Self {
            entry_id: candidate.entry_id.clone(),
            question: candidate.question.clone(),
            confidence: candidate.confidence.value(),
        }
    }
}

fn candidate<'a>(decided: &'a Decided, entry_id: &str) -> Option<&'a Candidate> {
    decided.candidates.iter().find(|candidate| candidate.entry_id == entry_id)
}

/// Milliseconds without the digits below a microsecond, which measure nothing.
pub(crate) fn to_microseconds(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}
