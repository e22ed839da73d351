//! A question that belongs to a conversation: stored with its reply, once, however often it is sent.
//!
//! The customer's message is stored first, sealed, then decided on, then the reply is stored with the decision's receipt
//! and, if a person must take it, the hand-off, in one transaction. Whoever repeats a message after any interruption gets
//! the reply that was stored, or continues where it stopped. Values are sealed and opened on blocking threads.

mod ending;
mod incoming;
mod outcome;
mod stored_reply;

use sealing::{Place, Plain, Vault};
use store::{
    Author, BotReply, ContactId, Conversation, DedupeKey, Delivery, HandOff, Message, MessageId,
    NewConversation, NewMessage, Owner, Sealed, Timestamp,
};
use uuid::Uuid;

pub(crate) use self::incoming::Incoming;
pub(crate) use self::outcome::{RecordError, Recorded, Turn};
pub(crate) use self::stored_reply::{StoredReply, receipt};
use crate::{
    ApiError, DecisionKind, ErrorCode, clock,
    security::{self, Identity, NewContact, off_the_workers},
    storage::Storage,
};

/// How often a value is sealed anew because its key was replaced meanwhile, or a reply stored anew because the
/// conversation was.
const TRIES: usize = 5;

impl Storage {
    /// Stores the customer's message, unless it was stored before.
    ///
    /// # Errors
    /// [`ErrorCode::Conflict`] when the conversation is another person's or over, or the message another text; what the
    /// store and the keys say.
    pub(crate) async fn receive(&self, incoming: &Incoming) -> Result<Recorded, ApiError> {
        for _ in 0..TRIES {
            match self.try_receive(incoming).await {
                Err(RecordError::Store(store::Error::KeyNotCurrent { .. })) => self.vault.forget_keys(),
                received => return Ok(received?),
            }
        }
        Err(contended())
    }

    async fn try_receive(&self, incoming: &Incoming) -> Result<Recorded, RecordError> {
        let at = clock::timestamp();
        let conversation = self.conversation_of(incoming, at).await?;
        let id = MessageId::from(Uuid::now_v7());
        let body = self.sealed_body(&conversation, id, incoming.text.clone()).await?;
        let message = NewMessage {
            id,
            conversation: conversation.id,
            dedupe_key: incoming.dedupe_key(),
            reply_to: None,
            kind: String::from("text"),
            body,
            at,
        };
        let ingested = self.store.ingest(message).await?;
        let turn = Turn { conversation: ingested.conversation, message: ingested.message.id };
        if ingested.repeated {
            self.refuse_another_text(&turn, &ingested.message, incoming).await?;
            if let Some(reply) = ingested.replies.iter().find(|reply| reply.author == Author::Bot) {
                let reply = self.opened_reply(&turn, reply).await?;
                return Ok(Recorded::Replied { reply: Box::new(reply), state: turn.state(true) });
            }
        }
        match turn.conversation.owner {
            Owner::Agent(_) => Ok(Recorded::Assigned(turn.state(ingested.repeated))),
            Owner::Bot | Owner::Queue { .. } => Ok(Recorded::ToDecide(Box::new(turn))),
            Owner::Nobody => Err(over()),
        }
    }

    /// Stores the reply that was decided on, or brings back the one that was stored before.
    ///
    /// # Errors
    /// [`ErrorCode::Conflict`] when the conversation was ended meanwhile; what the store and the keys say.
    pub(crate) async fn reply(
        &self,
        mut turn: Turn,
        reply: StoredReply,
        receipt: store::DecisionReceipt,
    ) -> Result<Recorded, ApiError> {
        for _ in 0..TRIES {
            match self.try_reply(&turn, &reply, receipt.clone()).await {
                Err(RecordError::Store(store::Error::KeyNotCurrent { .. })) => self.vault.forget_keys(),
                // Another message of the conversation was handed over meanwhile, or a person has taken it.
                Err(RecordError::Store(store::Error::StaleOwner { conversation, .. })) => {
                    turn.conversation = self.store.conversation(conversation).await?;
                    match turn.conversation.owner {
                        Owner::Agent(_) => return Ok(Recorded::Assigned(turn.state(false))),
                        Owner::Nobody => return Err(over().into()),
                        Owner::Bot | Owner::Queue { .. } => {}
                    }
                }
                recorded => return Ok(recorded?),
            }
        }
        Err(contended())
    }

    async fn try_reply(
        &self,
        turn: &Turn,
        reply: &StoredReply,
        receipt: store::DecisionReceipt,
    ) -> Result<Recorded, RecordError> {
        let (id, at) = (MessageId::from(Uuid::now_v7()), clock::timestamp());
        let conversation = &turn.conversation;
        let hand_off = (reply.decision == DecisionKind::HandOff).then(|| HandOff {
            conversation: conversation.id,
            owner_epoch: conversation.owner_epoch,
            reason: reply.reason.map_or("", |reason| reason.word()).to_owned(),
            priority: conversation.priority,
            summary: None,
            receipt: None,
            at,
        });
        let queues = hand_off.is_some() && conversation.owner == Owner::Bot;
        let message = NewMessage {
            id,
            conversation: conversation.id,
            // One reply to each message.
            dedupe_key: DedupeKey([b"reply", turn.message.uuid().as_bytes().as_slice()].concat()),
            reply_to: Some(turn.message),
            kind: String::from("decision"),
            body: self.sealed_body(conversation, id, reply.to_plain()).await?,
            at,
        };
        let owner_epoch = conversation.owner_epoch;
        let delivery = Delivery::Response;
        let said = BotReply { message, owner_epoch, receipt: Some(receipt), delivery, hand_off };
        let said = self.store.reply(said).await?;
        if said.repeated {
            let reply = self.opened_reply(turn, &said.message).await?;
            return Ok(Recorded::Replied { reply: Box::new(reply), state: turn.state(true) });
        }
        let mut state = turn.state(false);
        if queues {
            state.owner = store::Status::Queued.word();
        }
        Ok(Recorded::Replied { reply: Box::new(reply.clone()), state })
    }

    /// The conversation that the message belongs to; begun if it is new.
    async fn conversation_of(&self, incoming: &Incoming, at: Timestamp) -> Result<Conversation, RecordError> {
        let found = match self.store.conversation(incoming.conversation).await {
            Err(store::Error::NotFound { .. }) => None,
            found => Some(found?),
        };
        if let Some(found) = found {
            let is_same = match &incoming.contact {
                Some(contact) => self.is_known_as(contact, found.contact).await?,
                None => true,
            };
            return if is_same && found.channel == incoming.channel { Ok(found) } else { Err(anothers()) };
        }
        let contact = self.contact_of(&incoming.identity(), at).await?;
        let (id, channel) = (incoming.conversation, incoming.channel.clone());
        let new = NewConversation { id, contact, channel, priority: 0, at };
        let opened = match self.store.open_conversation(new).await {
            // It has begun since it was looked for.
            Err(store::Error::Conflict { .. }) => return Err(anothers()),
            opened => opened?,
        };
        if opened.id == id {
            return Ok(opened);
        }
        let message = "the contact has another open conversation on this channel";
        let details = serde_json::json!({ "open_conversation": opened.id.to_string() });
        Err(ApiError::new(ErrorCode::Conflict, message).with_details(details).into())
    }

    /// The person behind an identity; made if nobody is.
    async fn contact_of(&self, identity: &Identity, at: Timestamp) -> Result<ContactId, RecordError> {
        if let Some(known) = self.known_contact(identity).await? {
            return Ok(known);
        }
        let new = NewContact { contact: Uuid::now_v7().into(), at };
        let (vault, known) = (self.vault.clone(), identity.clone());
        let identity = off_the_workers(move || known.of_new(&vault, new)).await?;
        let stored = self.store.contact_of_identity(identity).await;
        // Somebody else made the person at the same moment, or the fence refused: the key made here sealed nothing that
        // was stored. After any other error that is not known.
        let in_vain = match &stored {
            Ok(stored) => stored.id != new.contact,
            Err(error) => matches!(error, store::Error::KeyNotCurrent { .. }),
        };
        if in_vain {
            let vault = self.vault.clone();
            off_the_workers(move || security::forget_contact(&vault, new.contact)).await?;
        }
        Ok(stored?.id)
    }

    async fn known_contact(&self, identity: &Identity) -> Result<Option<ContactId>, RecordError> {
        let (vault, known) = (self.vault.clone(), identity.clone());
        let indexes = off_the_workers(move || known.indexes(&vault)).await?;
        Ok(self.store.contact_identified(&identity.channel, indexes).await?)
    }

    /// Looks twice: another process may have replaced the key of the indexes.
    async fn is_known_as(&self, identity: &Identity, contact: ContactId) -> Result<bool, RecordError> {
        if self.known_contact(identity).await? == Some(contact) {
            return Ok(true);
        }
        self.vault.forget_keys();
        Ok(self.known_contact(identity).await? == Some(contact))
    }

    /// The same identifier with other words is a mistake of the caller that must not pass for a repeat.
    async fn refuse_another_text(
        &self,
        turn: &Turn,
        stored: &Message,
        incoming: &Incoming,
    ) -> Result<(), RecordError> {
        let opened = self.opened_body(&turn.conversation, stored).await?;
        if opened.expose_bytes() == incoming.text.expose_bytes() {
            return Ok(());
        }
        Err(conflict("message_id was used for another text in this conversation"))
    }

    async fn opened_reply(&self, turn: &Turn, message: &Message) -> Result<StoredReply, RecordError> {
        StoredReply::from_plain(&self.opened_body(&turn.conversation, message).await?)
    }

    async fn opened_body(
        &self,
        conversation: &Conversation,
        message: &Message,
    ) -> Result<Plain, RecordError> {
        if message.body.0.is_empty() {
            return Err(conflict("the text of this message is no longer kept"));
        }
        let place = security::body(conversation.contact, conversation.id, message.id)?;
        let (vault, sealed) = (self.vault.clone(), sealing::Sealed::from_bytes(message.body.0.clone()));
        Ok(off_the_workers(move || vault.open(&place, &sealed)).await?)
    }

    async fn sealed_body(
        &self,
        conversation: &Conversation,
        message: MessageId,
        text: Plain,
    ) -> Result<Sealed, RecordError> {
        let place = security::body(conversation.contact, conversation.id, message)?;
        let vault = self.vault.clone();
        Ok(off_the_workers(move || seal(&vault, &place, &text)).await?)
    }
}

fn seal(vault: &Vault, place: &Place, text: &Plain) -> sealing::Result<Sealed> {
    Ok(Sealed(vault.seal(place, text)?.into_bytes()))
}

fn conflict(message: &str) -> RecordError {
    ApiError::new(ErrorCode::Conflict, message).into()
}

fn anothers() -> RecordError {
    conflict("the conversation belongs to another contact or channel")
}

fn over() -> RecordError {
    conflict("the conversation is over; begin another")
}

fn contended() -> ApiError {
    ApiError::new(ErrorCode::Overloaded, "the conversation or its keys are being changed by others")
}
