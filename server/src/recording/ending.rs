//! A conversation is ended from the customer's side.

use store::ConversationId;

use super::incoming::conversation_id;
use crate::{ApiError, EndedConversation, ErrorCode, clock, storage::Storage};

impl Storage {
    /// Ends the conversation of this id, whoever answers it. Ending it again changes nothing.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidField`] for what is no UUID, [`ErrorCode::ConversationNotFound`]; what the store says.
    pub(crate) async fn end(&self, id: &str) -> Result<EndedConversation, ApiError> {
        let id = conversation_id(id)?;
        match self.store.end(id, clock::timestamp()).await {
            Ok(ended) => Ok(EndedConversation { id: id.to_string(), owner: ended.owner.status().word() }),
            Err(store::Error::NotFound { .. }) => Err(not_found(id)),
            Err(error) => Err(error.into()),
        }
    }
}

fn not_found(id: ConversationId) -> ApiError {
    ApiError::new(ErrorCode::ConversationNotFound, format!("there is no conversation {id}"))
}
