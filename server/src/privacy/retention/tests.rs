//! What a run forgets, finishes and records.

use store::{
    BlindIndex, DedupeKey, Key, KeyId, KeyPurpose, KeyState, Location, NewConversation, NewIdentity,
    NewMessage, Sealed, Wrapped,
};
use tempfile::TempDir;

use super::*;

const DAYS_100: i64 = 100 * 24 * 60 * 60 * 1000;

/// A store with one message in a conversation that the bot answers.
async fn store() -> (Store, ConversationId, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&Location::File(folder.path().join("store.db"))).await.unwrap();
    let at = clock::timestamp();
    let wrapped = Wrapped(vec![1; 9]);
    let key = Key {
        id: KeyId(7),
        purpose: KeyPurpose::System,
        state: KeyState::Current,
        canary: wrapped.clone(),
        wrapped,
    };
    assert!(store.add_key(key, None).await.unwrap());
    let sealed = Sealed([&[0], &7_i64.to_be_bytes()[..], b"sealed"].concat());
    let identity = BlindIndex([&7_i64.to_be_bytes()[..], b"visitor"].concat());
    let new = NewIdentity {
        channel: String::from("web"),
        identity,
        earlier_identities: Vec::new(),
        external_id: sealed.clone(),
        contact: Uuid::now_v7().into(),
        at,
    };
    let contact = store.contact_of_identity(new).await.unwrap().id;
    let id = Uuid::now_v7().into();
    let new = NewConversation { id, contact, channel: String::from("web"), priority: 0, at };
    store.open_conversation(new).await.unwrap();
    let (dedupe_key, kind) = (DedupeKey(vec![1]), String::from("text"));
    let message = Uuid::now_v7().into();
    let said =
        NewMessage { id: message, conversation: id, dedupe_key, reply_to: None, kind, body: sealed, at };
    store.ingest(said).await.unwrap();
    (store, id, folder)
}

fn config(end_idle_days: u32, message_bodies_days: u32) -> RetentionConfig {
    RetentionConfig {
        end_idle_days,
        message_bodies_days,
        receipts_days: 0,
        deliveries_days: 0,
        conversations_days: 0,
        consents_days: 0,
        contacts_days: 0,
        events_days: 0,
        embeddings_days: 0,
        jobs_days: 0,
        audit_days: 0,
    }
}

async fn is_kept(store: &Store, id: ConversationId) -> bool {
    let said = store.messages_of(id, 0, 9).await.unwrap();
    assert_eq!(said.len(), 1, "its place stays");
    !said[0].body.0.is_empty()
}

#[tokio::test]
async fn what_was_said_is_forgotten_when_its_time_has_come_and_its_conversation_is_over() {
    let (store, id, _folder) = store().await;
    let later = Timestamp(clock::timestamp().0 + DAYS_100);
    assert_eq!(run(&store, &config(0, 0), Actor::Operator, later).await.unwrap(), None);
    let nothing = run(&store, &config(0, 30), Actor::Operator, later).await.unwrap().unwrap();
    assert_eq!(nothing.forgotten["message_bodies"], 0, "it is not over");
    assert!(is_kept(&store, id).await);
    let young = run(&store, &config(101, 99), Actor::Operator, later).await.unwrap().unwrap();
    assert_eq!(young.forgotten.values().sum::<u64>(), 0);
    let run_now = run(&store, &config(99, 30), Actor::Service, later).await.unwrap().unwrap();
    assert_eq!((run_now.forgotten[ENDED], run_now.forgotten["message_bodies"]), (1, 1));
    assert!(!is_kept(&store, id).await);
    let entries = store.audit_entries_after(0, 9).await.unwrap();
    let acts: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
    assert_eq!(acts, ["retention.run"], "runs that change nothing say nothing");
    assert_eq!(entries[0].actor, "service");
    assert!(entries[0].detail.as_deref().unwrap().contains("\"message_bodies\":1"));
}

#[tokio::test]
async fn a_run_that_was_stopped_is_finished_by_the_next() {
    let (store, id, _folder) = store().await;
    let (at, later) = (clock::timestamp(), clock::timestamp().0 + DAYS_100);
    store.end_idle_conversations(Timestamp(later), 9, at).await.unwrap();
    let before = ["message_bodies", "embeddings"].map(|class| (class.to_owned(), later)).to_vec();
    let input = serde_json::to_string(&Asked { end_idle_before: None, before }).unwrap();
    let job = JobId::from(Uuid::now_v7());
    store.ask_for_job(NewJob { id: job, kind: KIND.to_owned(), input, at }).await.unwrap();
    // Somebody claims it and disappears.
    store.claim_job(KIND, "gone", Duration::ZERO, at).await.unwrap().unwrap();
    assert_eq!(run(&store, &config(0, 0), Actor::Operator, at).await.unwrap(), None);
    assert_eq!(store.job(job).await.unwrap().state, store::JobState::Done);
    assert!(!is_kept(&store, id).await);
}

#[tokio::test]
async fn a_person_goes_with_the_last_conversation_of_it() {
    let (store, id, _folder) = store().await;
    let contact = store.conversation(id).await.unwrap().contact;
    let later = Timestamp(clock::timestamp().0 + DAYS_100);
    let people = RetentionConfig { contacts_days: 30, ..config(99, 0) };
    let nobody = run(&store, &people, Actor::Service, later).await.unwrap().unwrap();
    assert_eq!((nobody.forgotten[ENDED], nobody.forgotten["contacts"]), (1, 0), "a conversation is left");
    store.contact(contact).await.unwrap();
    // Its end was its last change, and that is now.
    let whole = RetentionConfig { conversations_days: 30, ..people };
    let overdue = overdue(&store, &periods(&whole, later)).await.unwrap();
    let counted: Vec<_> = overdue.iter().map(|(period, rows)| (period.class.word(), *rows)).collect();
    assert_eq!(counted, [("conversations", 1), ("contacts", 0)]);
    let gone = run(&store, &whole, Actor::Service, later).await.unwrap().unwrap();
    assert_eq!((gone.forgotten["conversations"], gone.forgotten["contacts"]), (1, 1));
    assert!(store.contact(contact).await.is_err());
    assert_eq!(store.unfinished_erasures().await.unwrap(), []);
    let entries = store.audit_entries_after(0, 9).await.unwrap();
    let expired = entries.iter().find(|entry| entry.action == "contact.expire").unwrap();
    assert_eq!((expired.actor.as_str(), &expired.object), ("service", &contact.to_string()));
}
