//! A customer's message, checked before anything is stored.

use sealing::Plain;
use sha2::{Digest, Sha256};
use store::{ConversationId, DedupeKey};
use uuid::Uuid;

use crate::{ApiError, AskRequest, security::Identity};

/// The channel of messages that name none.
const DEFAULT_CHANNEL: &str = "api";

/// Characters of a channel's name, of a message's id and of a contact's id at most.
const LONGEST_CHANNEL: usize = 64;
const LONGEST_ID: usize = 128;

/// A message that belongs to a conversation.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(super) conversation: ConversationId,
    pub(super) channel: String,
    pub(super) contact: Option<Identity>,
    pub(super) text: Plain,
    message: String,
}

impl Incoming {
    /// What `request` says of a conversation; `None` if it belongs to none.
    ///
    /// # Errors
    /// The field that is missing or wrong.
    pub(crate) fn of(request: &AskRequest) -> Result<Option<Self>, ApiError> {
        let AskRequest { text, channel, conversation_id, message_id, contact_id, explain: _ } = request;
        let Some(conversation) = conversation_id else { return refuse_without_conversation(request) };
        let conversation = self::conversation_id(conversation)?;
        let message = message_id.clone().unwrap_or_default();
        check_id("message_id", &message)?;
        let channel = channel.clone().unwrap_or_else(|| DEFAULT_CHANNEL.to_owned());
        if !(1..=LONGEST_CHANNEL).contains(&channel.chars().count()) || has_control(&channel) {
            let message = format!("channel must have 1 to {LONGEST_CHANNEL} characters");
            return Err(ApiError::invalid_field("channel", message));
        }
        if let Some(contact) = contact_id {
            check_id("contact_id", contact)?;
        }
        let contact = contact_id
            .as_deref()
            .map(|contact| Identity { channel: channel.clone(), external: Plain::from(contact) });
        let text = Plain::from(text.as_str());
        Ok(Some(Self { conversation, channel, contact, text, message }))
    }

    /// By whom the conversation is begun: the contact, or somebody of whom nothing is known but this conversation.
    pub(super) fn identity(&self) -> Identity {
        self.contact.clone().unwrap_or_else(|| Identity {
            channel: self.channel.clone(),
            external: Plain::from(format!("conversation {}", self.conversation)),
        })
    }

    /// The same for every repetition of this message.
    pub(super) fn dedupe_key(&self) -> DedupeKey {
        let hash =
            Sha256::new().chain_update(self.conversation.uuid().as_bytes()).chain_update(&self.message);
        DedupeKey(hash.finalize().to_vec())
    }
}

/// The id of a conversation as a caller writes it.
///
/// # Errors
/// [`ErrorCode::InvalidField`](crate::ErrorCode::InvalidField) for what is no UUID.
pub(super) fn conversation_id(id: &str) -> Result<ConversationId, ApiError> {
    let id = Uuid::try_parse(id);
    id.map(Into::into)
        .map_err(|_| ApiError::invalid_field("conversation_id", "conversation_id is not a UUID"))
}

fn refuse_without_conversation(request: &AskRequest) -> Result<Option<Incoming>, ApiError> {
    let given = [("message_id", &request.message_id), ("contact_id", &request.contact_id)];
    match given.iter().find(|(_, value)| value.is_some()) {
        Some((name, _)) => {
            let message = format!("{name} is of no use without conversation_id: nothing is recorded");
            Err(ApiError::invalid_field(name, message))
        }
        None => Ok(None),
    }
}

fn check_id(name: &str, id: &str) -> Result<(), ApiError> {
    if (1..=LONGEST_ID).contains(&id.chars().count()) && !has_control(id) {
        return Ok(());
    }
    let message = format!("{name} must have 1 to {LONGEST_ID} characters, none of them a control character");
    Err(ApiError::invalid_field(name, message))
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}
