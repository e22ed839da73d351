//! Records as the tests need them.

use std::time::Duration;

use store::{
    Act, AgentId, AgentMessage, BlindIndex, BotReply, ClaimRequest, ContactId, Conversation, ConversationId,
    DedupeKey, Delivery, HandOff, Handling, MessageId, NewConversation, NewIdentity, NewMessage, Sealed,
    Store, Timestamp,
};
use uuid::Uuid;

/// An arbitrary moment that tests count from.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// An identifier of whatever kind is asked for.
pub(crate) fn new_id<T: From<Uuid>>() -> T {
    Uuid::now_v7().into()
}

pub(crate) fn seconds(later: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(later))
}

pub(crate) fn act() -> Act {
    Act { actor: String::from("admin-1"), reason: None, at: NOW }
}

pub(crate) fn identity(channel: &str, external: &str) -> NewIdentity {
    NewIdentity {
        channel: channel.to_owned(),
        identity: BlindIndex(external.as_bytes().to_vec()),
        external_id: Sealed(format!("sealed {external}").into_bytes()),
        contact: new_id::<ContactId>(),
        data_key: Sealed(vec![1; 60]),
        at: NOW,
    }
}

/// A new person's conversation, which the bot answers.
pub(crate) async fn conversation(store: &Store, channel: &str) -> Conversation {
    let external = Uuid::now_v7().to_string();
    let contact = store.contact_of_identity(identity(channel, &external)).await.unwrap();
    let id = new_id::<ConversationId>();
    let new = NewConversation { id, contact: contact.id, channel: channel.to_owned(), priority: 0, at: NOW };
    store.open_conversation(new).await.unwrap()
}

pub(crate) fn message(conversation: ConversationId, key: &str) -> NewMessage {
    NewMessage {
        id: new_id::<MessageId>(),
        conversation,
        dedupe_key: DedupeKey(key.as_bytes().to_vec()),
        reply_to: None,
        kind: String::from("text"),
        body: Sealed(format!("sealed {key}").into_bytes()),
        at: NOW,
    }
}

pub(crate) fn bot_reply(conversation: &Conversation, key: &str) -> BotReply {
    BotReply {
        message: message(conversation.id, key),
        owner_epoch: conversation.owner_epoch,
        receipt: None,
        delivery: Delivery::Outbox,
    }
}

pub(crate) fn agent_message(conversation: ConversationId, agent: AgentId, key: &str) -> AgentMessage {
    AgentMessage { message: message(conversation, key), agent, delivery: Delivery::Outbox }
}

pub(crate) fn hand_off(conversation: &Conversation) -> HandOff {
    HandOff {
        conversation: conversation.id,
        owner_epoch: conversation.owner_epoch,
        reason: String::from("requested"),
        priority: 5,
        summary: Some(Sealed(b"sealed summary".to_vec())),
        receipt: None,
        at: NOW,
    }
}

pub(crate) fn handling(conversation: &Conversation, agent: AgentId) -> Handling {
    Handling { conversation: conversation.id, owner_epoch: conversation.owner_epoch, agent, at: NOW }
}

pub(crate) fn claim_request(channel: &str, at: Timestamp) -> ClaimRequest {
    let lease = Duration::from_secs(30);
    ClaimRequest { worker: String::from("worker-1"), channel: channel.to_owned(), lease, limit: 100, at }
}
