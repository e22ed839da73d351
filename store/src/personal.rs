//! Everything that is held about one person, from one committed state.

use std::collections::HashSet;

use futures::FutureExt;

use crate::{
    AuditEntry, ChannelIdentity, Consent, Contact, ContactId, Conversation, DecisionReceipt, Event, Message,
    OutboxEntry, Result, Store, audit, consents, contacts, conversations, engine::Transaction, events,
    messages, outbox, profiles, receipts,
};

/// A person, with every row that is about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalRecord {
    /// The person.
    pub contact: Contact,
    /// By what channels know it.
    pub identities: Vec<ChannelIdentity>,
    /// The fields by which it is found exactly, by name.
    pub lookup_fields: Vec<String>,
    /// What it agreed to, oldest first.
    pub consents: Vec<Consent>,
    /// Its conversations, oldest first.
    pub conversations: Vec<PersonalConversation>,
    /// Audit entries about the person, its conversations or its messages.
    pub audit: Vec<AuditEntry>,
}

/// A conversation, with every row that is about it.
#[derive(Clone, Debug, PartialEq)]
pub struct PersonalConversation {
    /// The conversation.
    pub conversation: Conversation,
    /// What was said, in order.
    pub messages: Vec<Message>,
    /// What was decided, in the order of the messages.
    pub decisions: Vec<DecisionReceipt>,
    /// What became of messages that were sent, in their order.
    pub deliveries: Vec<OutboxEntry>,
    /// What happened, in order.
    pub events: Vec<Event>,
}

impl Store {
    /// Everything that is held about a person. It all stands in memory at once.
    ///
    /// # Errors
    /// [`Error::NotFound`](crate::Error::NotFound); when the engine fails or a row is corrupt.
    pub async fn personal_record(&self, contact: ContactId) -> Result<PersonalRecord> {
        self.read(move |transaction| read(transaction, contact).boxed()).await
    }
}

async fn read(transaction: &mut Transaction<'_>, id: ContactId) -> Result<PersonalRecord> {
    let contact = contacts::read(transaction, id).await?;
    let mut conversations = Vec::new();
    for conversation in conversations::of_contact(transaction, id).await?.into_iter().rev() {
        let of = conversation.id;
        conversations.push(PersonalConversation {
            messages: messages::of_conversation(transaction, of).await?,
            decisions: receipts::of_conversation(transaction, of).await?,
            deliveries: outbox::of_conversation(transaction, of).await?,
            events: events::of_conversation(transaction, of).await?,
            conversation,
        });
    }
    let mut objects = HashSet::from([id.to_string()]);
    for PersonalConversation { conversation, messages, .. } in &conversations {
        objects.insert(conversation.id.to_string());
        objects.extend(messages.iter().map(|message| message.id.to_string()));
    }
    Ok(PersonalRecord {
        contact,
        identities: contacts::identities(transaction, id).await?,
        lookup_fields: profiles::lookup_fields(transaction, id).await?,
        consents: consents::of(transaction, id).await?,
        audit: audit::about(transaction, &objects).await?,
        conversations,
    })
}
