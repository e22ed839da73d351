//! What is sent for a question that belongs to a conversation.

use serde::Serialize;
use utoipa::ToSchema;

use super::{AskResponse, DecisionKind, Reason, to_microseconds};
use crate::{recording::StoredReply, trace_id::TraceId};

/// Where a recorded conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConversationState {
    /// As in the request.
    pub id: String,
    /// The name under which the customer's message is stored, a UUID.
    pub message: String,
    /// Who answers: `bot`, `queued` (it waits for a person; the bot still answers), `assigned` (a person; the bot is
    /// silent) or `resolved`.
    pub owner: &'static str,
    /// Whether the message had been stored before: then the reply is the one that was stored.
    pub repeated: bool,
}

/// A conversation that is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct EndedConversation {
    /// As in the request.
    pub id: String,
    /// `resolved`: nobody answers any more.
    pub owner: &'static str,
}

impl AskResponse {
    /// What is sent for a message of a conversation: the reply as it is stored.
    pub(crate) fn of_stored(
        reply: StoredReply,
        conversation: ConversationState,
        trace_id: TraceId,
        took_ms: f64,
    ) -> Self {
        let StoredReply { decision, confidence, answer, entry_id, matched_question, options, reason } = reply;
        Self {
            decision,
            confidence,
            answer,
            entry_id,
            matched_question,
            options,
            reason,
            trace_id,
            took_ms: to_microseconds(took_ms),
            conversation: Some(conversation),
            explain: None,
        }
    }
}

impl StoredReply {
    /// What is sent while a person answers: the bot decided nothing.
    pub(crate) fn assigned() -> Self {
        Self {
            decision: DecisionKind::HandOff,
            confidence: 0.0,
            answer: None,
            entry_id: None,
            matched_question: None,
            options: Vec::new(),
            reason: Some(Reason::Assigned),
        }
    }
}
