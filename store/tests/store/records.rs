//! Records as the tests need them.

use std::time::Duration;

use store::{
    Act, AgentId, AgentMessage, BotReply, ClaimRequest, ContactId, Conversation, ConversationId,
    DecisionReceipt, DedupeKey, Delivery, HandOff, Handling, MessageId, NewConversation, NewIdentity,
    NewMessage, Sealed, Store, Timestamp,
};
use uuid::Uuid;

pub(crate) use crate::support::stand_in::{KEY, index, key, sealed_with};

/// An arbitrary moment that tests count from.
pub(crate) const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// What the store takes for sealed with [`KEY`].
pub(crate) fn sealed(text: &str) -> Sealed {
    sealed_with(KEY, text)
}

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
        identity: index(external),
        earlier_identities: Vec::new(),
        external_id: sealed(external),
        contact: new_id::<ContactId>(),
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
        body: sealed(key),
        at: NOW,
    }
}

pub(crate) fn bot_reply(conversation: &Conversation, key: &str) -> BotReply {
    BotReply {
        message: message(conversation.id, key),
        owner_epoch: conversation.owner_epoch,
        receipt: None,
        delivery: Delivery::Outbox,
        hand_off: None,
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
        summary: Some(sealed("summary")),
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

/// Why a question was answered.
pub(crate) fn receipt(message: MessageId) -> DecisionReceipt {
    DecisionReceipt {
        message,
        snapshot_version: String::from("shop-zh 3"),
        model_fingerprint: String::from("ab12"),
        entry_id: Some(String::from("refund")),
        matched_phrasing: Some(String::from("怎么退货")),
        features: String::from("{\"dense\":0.91}"),
        probability: 0.97,
        band: String::from("answer"),
        at: NOW,
    }
}
