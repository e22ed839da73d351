//! What is still possible on a full disk: a person is erased, acts are recorded, and everything is read.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use store::{
    Act, AuditState, Author, ContactId, Conversation, DedupeKey, Error, Key, KeyId, KeyPurpose, KeyState,
    Location, Message, NewConversation, NewIdentity, NewMessage, Store, Timestamp, Wrapped,
};
use uuid::Uuid;

use crate::{
    load::stand_in::{KEY, index, key, sealed_with},
    mount::{Mounted, fill},
    times,
};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// People who are erased while the disk is full.
const ERASED: i64 = 100;

fn own_key(number: i64) -> KeyId {
    KeyId(1000 + number)
}

fn act() -> Act {
    Act { actor: String::from("admin"), reason: None, at: NOW }
}

/// A person with a key of its own and a conversation.
async fn person(store: &Store, number: i64) -> Conversation {
    let contact = ContactId::from(Uuid::now_v7());
    assert!(store.add_key(key(own_key(number), KeyPurpose::Contact(contact)), None).await.unwrap());
    let channel = String::from("web");
    let identity = NewIdentity {
        channel: channel.clone(),
        identity: index(&number.to_string()),
        earlier_identities: Vec::new(),
        external_id: sealed_with(own_key(number), "openid"),
        contact,
        at: NOW,
    };
    store.contact_of_identity(identity).await.unwrap();
    let new = NewConversation { id: Uuid::now_v7().into(), contact, channel, priority: 0, at: NOW };
    store.open_conversation(new).await.unwrap()
}

fn message(conversation: &Conversation, number: i64, length: usize) -> NewMessage {
    let id = Uuid::now_v7();
    NewMessage {
        id: id.into(),
        conversation: conversation.id,
        dedupe_key: DedupeKey(id.as_bytes().to_vec()),
        reply_to: None,
        kind: String::from("text"),
        body: sealed_with(own_key(number), &"3".repeat(length)),
        at: NOW,
    }
}

/// Destroys a person's key.
async fn erase(store: &Store, number: i64) -> store::Result<bool> {
    let found = store.key(own_key(number)).await.unwrap().unwrap();
    let nothing = || Wrapped(Vec::new());
    let destroyed =
        Key { state: KeyState::Destroyed, wrapped: nothing(), canary: nothing(), ..found.clone() };
    store.replace_key(found, destroyed).await
}

/// Writes until there is no space left even for a small message.
async fn write_until_full(store: &Store, conversation: &Conversation) {
    for length in [100_000, 1000, 10] {
        let refused = loop {
            if let Err(error) = store.ingest(message(conversation, 0, length)).await {
                break error;
            }
        };
        assert_eq!(refused, Error::DiskFull);
    }
}

/// Tries to write something ordinary; whether it was refused. It is not only where the space is kept back again, and then
/// that is the last of it.
async fn is_refused(store: &Store, conversation: &Conversation, point: &Path) -> bool {
    match store.ingest(message(conversation, 0, 10)).await {
        Err(error) => {
            assert_eq!(error, Error::DiskFull);
            true
        }
        Ok(_) => {
            assert!(is_whole(point), "an ordinary message took what is kept back");
            fill(point);
            write_until_full(store, conversation).await;
            false
        }
    }
}

fn is_whole(point: &Path) -> bool {
    fs::metadata(point.join("store.db-reserve")).is_ok_and(|found| found.len() == 16 << 20)
}

/// Records acts until the space that is kept back has to be used; how many.
async fn record_until_reserve_is_used(store: &Store, point: &Path) -> i64 {
    for acts in 1..5000 {
        let detail = Some(serde_json::json!({ "filling": "3".repeat(2000) }).to_string());
        store.record_act(act(), "message.refuse", "the disk is full", detail).await.unwrap();
        if !is_whole(point) {
            return acts;
        }
    }
    panic!("the disk was not full");
}

#[tokio::test]
async fn on_a_full_disk_people_are_erased_acts_recorded_and_nothing_else_written() {
    let folder = tempfile::tempdir().unwrap();
    let point = folder.path().join("disk");
    fs::create_dir(&point).unwrap();
    let Some(_mounted) = Mounted::new(&["-t", "tmpfs", "-o", "size=48m"], Path::new("tmpfs"), &point) else {
        eprintln!("skipped: no mounts here (they need root)");
        return;
    };
    let location = Location::File(point.join("store.db"));
    let store = Store::open(&location).await.unwrap();
    assert!(store.add_key(key(KEY, KeyPurpose::System), None).await.unwrap());
    let mut conversations = Vec::new();
    for number in 0..=ERASED {
        conversations.push(person(&store, number).await);
    }
    let before = store.ingest(message(&conversations[0], 0, 100)).await.unwrap().message;
    let filler = fill(&point);
    write_until_full(&store, &conversations[0]).await;

    let (begun, lasting) = (Instant::now(), Duration::from_secs(times(2, 600).into()));
    let mut acts = record_until_reserve_is_used(&store, &point).await;
    let mut refused = 0;
    for number in 1..=ERASED {
        assert!(erase(&store, number).await.unwrap());
        store.record_act(act(), "contact.erase", &number.to_string(), None).await.unwrap();
        acts += 1;
        refused += i64::from(is_refused(&store, &conversations[0], &point).await);
        assert_read(&store, &before).await;
    }
    // A process that starts now reads, and can still record what it refuses.
    store.close().await;
    let store = Store::open(&location).await.unwrap();
    while begun.elapsed() < lasting {
        store.record_act(act(), "message.refuse", "the disk is full", None).await.unwrap();
        acts += 1;
        refused += i64::from(is_refused(&store, &conversations[0], &point).await);
        assert_read(&store, &before).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    fs::remove_file(filler).unwrap();
    let freed = Instant::now();
    while let Err(error) = store.ingest(message(&conversations[0], 0, 10)).await {
        assert_eq!(error, Error::DiskFull);
        assert!(freed.elapsed() < Duration::from_secs(5), "writing did not resume");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let resumed = freed.elapsed();
    assert!(is_whole(&point), "the space is kept back again");
    assert!(refused > ERASED / 2, "the disk was hardly ever full: {refused}");
    store.check().await.unwrap();
    for number in 1..=ERASED {
        assert_eq!(store.key(own_key(number)).await.unwrap().unwrap().state, KeyState::Destroyed);
    }
    let AuditState::Whole(head) = store.verify_audit(None).await.unwrap() else {
        panic!("the chain is broken")
    };
    assert_eq!(head.sequence, acts);
    eprintln!(
        "{ERASED} people erased and {acts} acts recorded in {lasting:?} on a full disk, {refused} messages refused; writing resumed {resumed:?} after \
         there was space"
    );
}

async fn assert_read(store: &Store, expected: &Message) {
    let found = store.message(expected.id).await.unwrap();
    assert_eq!((&found, found.author), (expected, Author::Customer));
}
