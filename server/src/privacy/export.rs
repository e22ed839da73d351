//! From the rows about a person to a document in clear.

use std::collections::HashMap;

use sealing::Vault;
use serde_json::Value;
use store::{
    AuditEntry, Author, Cell, ChannelIdentity, Consent, ConsentStatement, Contact, ContactId, Conversation,
    DecisionReceipt, Event, Message, MessageId, OutboxEntry, PersonalRecord, Sealed,
};

use super::document::{
    Content, FORMAT, PersonalAct, PersonalConsent, PersonalContact, PersonalConversation, PersonalDecision,
    PersonalDelivery, PersonalDocument, PersonalEvent, PersonalIdentity, PersonalMessage,
};
use crate::{
    actor::Actor,
    clock,
    security::{of_cell, off_the_workers},
    storage::Storage,
};

/// Everything that is held about a person, opened. The audit log says so before anything is shown; that entry is part of
/// the document.
///
/// # Errors
/// [`store::Error::NotFound`] in its chain; when the store fails. A value that does not open is said to be so.
pub(crate) async fn export(
    storage: &Storage,
    contact: ContactId,
    reason: Option<String>,
) -> anyhow::Result<PersonalDocument> {
    storage.store.contact(contact).await?;
    storage
        .store
        .record_act(Actor::Operator.act(reason), "contact.export", &contact.to_string(), None)
        .await?;
    let record = storage.store.personal_record(contact).await?;
    let opening = Opening { vault: storage.vault.clone() };
    Ok(off_the_workers(move || Ok::<_, sealing::Error>(opening.document(record))).await?)
}

struct Opening {
    vault: Vault,
}

impl Opening {
    fn document(&self, record: PersonalRecord) -> PersonalDocument {
        let contact = record.contact.id;
        PersonalDocument {
            format: FORMAT,
            exported_at: clock::written(clock::timestamp()),
            contact: self.contact(&record.contact, record.lookup_fields),
            identities: record.identities.iter().map(|identity| self.identity(identity)).collect(),
            consents: record.consents.into_iter().map(consent).collect(),
            conversations: record
                .conversations
                .into_iter()
                .map(|conversation| self.conversation(contact, conversation))
                .collect(),
            audit: record.audit.into_iter().map(audited).collect(),
        }
    }

    fn contact(&self, contact: &Contact, found_by: Vec<String>) -> PersonalContact {
        let profile = contact.profile.as_ref();
        PersonalContact {
            id: contact.id.to_string(),
            profile: profile.map(|sealed| of_program(self.opened(&Cell::Profile(contact.id), sealed))),
            found_by,
            first_seen: clock::written(contact.created_at),
            last_changed: clock::written(contact.updated_at),
        }
    }

    fn identity(&self, identity: &ChannelIdentity) -> PersonalIdentity {
        let channel = identity.channel.clone();
        let cell = Cell::ExternalId { channel: channel.clone(), contact: identity.contact };
        PersonalIdentity { channel, identifier: self.opened(&cell, &identity.external_id) }
    }

    fn conversation(&self, contact: ContactId, held: store::PersonalConversation) -> PersonalConversation {
        let Conversation { id, channel, owner, hand_off_reason, priority, summary, .. } = held.conversation;
        let agent = if let store::Owner::Agent(agent) = owner { Some(agent.to_string()) } else { None };
        let cell = Cell::Summary { conversation: id, contact };
        let mut decisions: HashMap<MessageId, DecisionReceipt> =
            held.decisions.into_iter().map(|decision| (decision.message, decision)).collect();
        let mut deliveries: HashMap<MessageId, OutboxEntry> =
            held.deliveries.into_iter().map(|delivery| (delivery.message, delivery)).collect();
        let messages = held.messages.into_iter().map(|message| PersonalMessage {
            decision: decisions.remove(&message.id).map(decision),
            delivery: deliveries.remove(&message.id).map(delivery),
            ..self.message(contact, message)
        });
        PersonalConversation {
            id: id.to_string(),
            channel,
            status: owner.status().word(),
            agent,
            hand_off_reason,
            priority,
            summary: summary.map(|sealed| self.opened(&cell, &sealed)),
            began: clock::written(held.conversation.created_at),
            last_changed: clock::written(held.conversation.updated_at),
            messages: messages.collect(),
            events: held.events.iter().map(event).collect(),
        }
    }

    fn message(&self, contact: ContactId, message: Message) -> PersonalMessage {
        let cell = Cell::Body { message: message.id, conversation: message.conversation, contact };
        let agent = if let Author::Agent(agent) = message.author { Some(agent.to_string()) } else { None };
        let (content, is_of_program) = (self.opened(&cell, &message.body), message.author == Author::Bot);
        PersonalMessage {
            id: message.id.to_string(),
            sequence: message.sequence,
            author: message.author.word(),
            agent,
            reply_to: message.reply_to.map(|id| id.to_string()),
            kind: message.kind,
            at: clock::written(message.at),
            content: if is_of_program { of_program(content) } else { content },
            decision: None,
            delivery: None,
        }
    }

    fn opened(&self, cell: &Cell, sealed: &Sealed) -> Content {
        if sealed.0.is_empty() {
            return Content::NoLongerKept;
        }
        let place = match of_cell(cell) {
            Ok(place) => place,
            Err(error) => return Content::Unreadable(error.to_string()),
        };
        match self.vault.open(&place, &sealing::Sealed::from_bytes(sealed.0.clone())) {
            Ok(plain) => match plain.expose_text() {
                Some(text) => Content::Text(text.to_owned()),
                None => Content::Unreadable(String::from("it is no text")),
            },
            // No message of `sealing` holds a value or a key.
            Err(error) => Content::Unreadable(error.to_string()),
        }
    }
}

/// A reply of the bot and a profile were written as objects; what people said is text, whatever it looks like.
fn of_program(content: Content) -> Content {
    let Content::Text(text) = &content else { return content };
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => Content::Json(value),
        _ => content,
    }
}

fn consent(Consent { statement, recorded_by, at }: Consent) -> PersonalConsent {
    let ConsentStatement { purpose, text_version, granted, channel, .. } = statement;
    PersonalConsent { purpose, text_version, granted, channel, recorded_by, at: clock::written(at) }
}

fn decision(receipt: DecisionReceipt) -> PersonalDecision {
    PersonalDecision {
        decision: receipt.band,
        probability: receipt.probability,
        entry_id: receipt.entry_id,
        matched_phrasing: receipt.matched_phrasing,
        knowledge: receipt.snapshot_version,
        model: receipt.model_fingerprint,
        features: parsed(&receipt.features),
        at: clock::written(receipt.at),
    }
}

fn delivery(entry: OutboxEntry) -> PersonalDelivery {
    PersonalDelivery {
        state: entry.state.word(),
        attempts: entry.attempt,
        platform_reference: entry.platform_reference,
        failure: entry.failure,
    }
}

fn event(event: &Event) -> PersonalEvent {
    PersonalEvent {
        sequence: event.sequence,
        kind: event.kind.word(),
        payload: parsed(&event.payload),
        at: clock::written(event.at),
    }
}

fn audited(entry: AuditEntry) -> PersonalAct {
    PersonalAct {
        sequence: entry.sequence,
        at: clock::written(entry.at),
        actor: entry.actor,
        action: entry.action,
        object: entry.object,
        reason: entry.reason,
        detail: entry.detail.as_deref().map(parsed),
    }
}

/// What the store keeps as JSON; as a text where it is none.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures::future::join_all;
    use sealing::Plain;
    use store::{DedupeKey, NewConversation, NewMessage};
    use uuid::Uuid;

    use super::*;
    use crate::security::{Identity, NewContact, body};

    const MESSAGES: usize = 10_000;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn ten_thousand_messages_are_exported_within_a_minute_and_none_is_missing() {
        let (storage, _folder) = Storage::temporary().await.unwrap();
        let at = clock::timestamp();
        let contact = ContactId::from(Uuid::now_v7());
        let identity = Identity { channel: String::from("web"), external: Plain::from("openid-1") };
        let vault = storage.vault.clone();
        let known = off_the_workers(move || identity.of_new(&vault, NewContact { contact, at })).await;
        storage.store.contact_of_identity(known.unwrap()).await.unwrap();
        let id = Uuid::now_v7().into();
        let new = NewConversation { id, contact, channel: String::from("web"), priority: 0, at };
        storage.store.open_conversation(new).await.unwrap();
        let said = |number: usize| format!("第{number}句，手机 13800138000");
        let vault = storage.vault.clone();
        let messages = off_the_workers(move || {
            let sealed = (0..MESSAGES).map(|number| {
                let message = MessageId::from(Uuid::now_v7());
                let place = body(contact, id, message)?;
                let body = Sealed(vault.seal(&place, &Plain::from(said(number)))?.into_bytes());
                let dedupe_key = DedupeKey(number.to_be_bytes().to_vec());
                let kind = String::from("text");
                Ok::<_, sealing::Error>(NewMessage {
                    id: message,
                    conversation: id,
                    dedupe_key,
                    reply_to: None,
                    kind,
                    body,
                    at,
                })
            });
            sealed.collect::<sealing::Result<Vec<_>>>()
        });
        for some in messages.await.unwrap().chunks(500) {
            let stored = some.iter().map(|message| storage.store.ingest(message.clone()));
            join_all(stored).await.into_iter().for_each(|stored| drop(stored.unwrap()));
        }
        let begun = Instant::now();
        let document = export(&storage, contact, None).await.unwrap();
        let written = serde_json::to_string(&document).unwrap();
        let taken = begun.elapsed();
        let texts = document.conversations[0].messages.iter().map(|message| &message.content);
        assert!(texts.eq((0..MESSAGES).map(|number| Content::Text(said(number))).collect::<Vec<_>>().iter()));
        assert!(written.len() > MESSAGES * 100);
        assert!(taken < Duration::from_secs(60), "{taken:?}");
    }
}
