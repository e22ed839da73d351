//! Where a conversation stands after a message, and why a message was not recorded.

use store::{Conversation, MessageId};

use super::StoredReply;
use crate::{ApiError, reply::ConversationState};

/// A stored message that is to be decided on, or was.
#[derive(Clone, Debug)]
pub(crate) struct Turn {
    /// The conversation, with the owner epoch in which a reply is decided.
    pub(crate) conversation: Conversation,
    /// The customer's message.
    pub(crate) message: MessageId,
}

impl Turn {
    pub(super) fn state(&self, repeated: bool) -> ConversationState {
        ConversationState {
            id: self.conversation.id.to_string(),
            message: self.message.to_string(),
            owner: self.conversation.owner.status().word(),
            repeated,
        }
    }
}

/// What became of a message.
#[derive(Clone, Debug)]
pub(crate) enum Recorded {
    /// It is stored and waits for a decision.
    ToDecide(Box<Turn>),
    /// It has its reply.
    Replied {
        /// As it is stored.
        reply: Box<StoredReply>,
        /// The conversation afterwards.
        state: ConversationState,
    },
    /// It is stored, and a person answers.
    Assigned(ConversationState),
}

/// Why something was not recorded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecordError {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Sealing(#[from] sealing::Error),
    #[error(transparent)]
    Refused(#[from] ApiError),
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Store(error) => error.into(),
            RecordError::Sealing(error) => error.into(),
            RecordError::Refused(error) => error,
        }
    }
}
