//! The ledger of what was acknowledged, held against what the database has.

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use store::{
    AuditState, ConversationId, DeliveryState, EventKind, EventPage, KnowledgeBaseId, MessageId, Store,
};
use uuid::Uuid;

/// What a ledger says.
#[derive(Default)]
pub(crate) struct Acknowledged {
    pub(crate) messages: Vec<(MessageId, ConversationId, i64)>,
    epochs: HashMap<ConversationId, i64>,
    sent: Vec<MessageId>,
    revisions: HashMap<KnowledgeBaseId, i64>,
    versions: Vec<(KnowledgeBaseId, i64, usize)>,
    /// Why writes were refused for the moment.
    pub(crate) refusals: Vec<String>,
}

impl Acknowledged {
    /// A last line that was cut off by a kill counts as not written.
    pub(crate) fn read(ledger: &Path) -> Self {
        Self::of(&fs::read_to_string(ledger).unwrap_or_default())
    }

    /// What stood in the first `bytes` of it.
    pub(crate) fn read_until(ledger: &Path, bytes: usize) -> Self {
        Self::of(&fs::read_to_string(ledger).unwrap_or_default()[..bytes])
    }

    fn of(text: &str) -> Self {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let mut acknowledged = Self::default();
        whole.lines().for_each(|line| acknowledged.take(line));
        acknowledged
    }

    fn take(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["message", id, conversation, sequence] => {
                self.messages.push((identifier(id), identifier(conversation), number(sequence)));
            }
            ["owner", conversation, epoch] => {
                self.epochs.insert(identifier(conversation), number(epoch));
            }
            ["sent", message] => self.sent.push(identifier(message)),
            ["revision", knowledge_base, revision] => {
                self.revisions.insert(identifier(knowledge_base), number(revision));
            }
            ["version", knowledge_base, version, entries] => {
                self.versions.push((identifier(knowledge_base), number(version), entries.parse().unwrap()));
            }
            ["refused", ..] => self.refusals.push(line.to_owned()),
            _ => panic!("unknown line: {line}"),
        }
    }

    /// Fails unless everything is there, once.
    pub(crate) async fn assert_kept_by(&self, store: &Store) {
        let lost = self.lost_messages(store).await;
        assert_eq!(lost, 0, "of {} acknowledged messages so many are lost", self.messages.len());
        for (conversation, epoch) in &self.epochs {
            let found = store.conversation(*conversation).await.unwrap();
            assert!(found.owner_epoch >= *epoch, "a change of hands of {conversation} is lost");
        }
        for message in &self.sent {
            let delivery = store.delivery_of(*message).await.unwrap().unwrap();
            assert_eq!(delivery.state, DeliveryState::Sent, "{message}");
        }
        for (knowledge_base, revision) in &self.revisions {
            assert!(store.knowledge_base(*knowledge_base).await.unwrap().revision >= *revision);
        }
        if let Some((knowledge_base, version, entries)) = self.versions.last() {
            let content = store.version_content(*knowledge_base, *version).await.unwrap();
            assert_eq!(content.entries.len(), *entries);
        }
    }

    /// How many messages are not there. Fails when one is doubled or out of order.
    pub(crate) async fn lost_messages(&self, store: &Store) -> usize {
        let conversations: HashSet<ConversationId> = self.messages.iter().map(|(_, id, _)| *id).collect();
        let mut stored = HashMap::new();
        for conversation in conversations {
            let messages = store.messages_of(conversation, 0, u32::MAX).await.unwrap();
            let places: Vec<i64> = messages.iter().map(|message| message.sequence).collect();
            assert_eq!(places, (1..=messages.len() as i64).collect::<Vec<_>>(), "places in {conversation}");
            let keys: HashSet<_> = messages.iter().map(|message| &message.dedupe_key).collect();
            assert_eq!(keys.len(), messages.len(), "a message of {conversation} is doubled");
            let told = store.events_of(conversation).await.unwrap();
            let told = told.iter().filter(|event| event.kind == EventKind::MessageStored).count();
            assert_eq!(told, messages.len(), "events of {conversation}");
            stored.extend(messages.into_iter().map(|message| (message.id, message.sequence)));
        }
        self.messages.iter().filter(|(id, _, place)| stored.get(id) != Some(place)).count()
    }
}

/// Follows the events after `last`, which have no gap; the last one.
pub(crate) async fn follow_events(store: &Store, mut last: i64) -> i64 {
    loop {
        let EventPage::Next(events) = store.events_after(last, 1000).await.unwrap() else {
            panic!("a gap after event {last}");
        };
        for event in &events {
            assert_eq!(event.sequence, last + 1);
            last = event.sequence;
        }
        if events.is_empty() {
            return last;
        }
    }
}

/// The chain of the audit log is whole.
pub(crate) async fn assert_audit_is_whole(store: &Store) {
    assert!(matches!(store.verify_audit(None).await.unwrap(), AuditState::Whole(_)));
}

fn identifier<T: From<Uuid>>(word: &str) -> T {
    word.parse::<Uuid>().unwrap().into()
}

fn number(word: &str) -> i64 {
    word.parse().unwrap()
}
