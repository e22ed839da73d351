//! A large store is backed up and restored, and how long that takes. `YINGDA_RELIABILITY=long` makes it a gibibyte.

use std::{
    fs,
    time::{Duration, Instant},
};

use futures::future::join_all;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::{
    BlindIndex, ConversationId, DedupeKey, KeyId, KeyPurpose, KeyState, Location, NewConversation,
    NewIdentity, NewMessage, Sealed, Store, Timestamp,
};
use uuid::Uuid;

use crate::{
    people::{init, json_of, remove_store},
    sandbox::Sandbox,
};

/// How long a gibibyte may take to be restored.
const RESTORED_WITHIN: Duration = Duration::from_secs(300);

const NOW: Timestamp = Timestamp(1_800_000_000_000);

fn is_long() -> bool {
    std::env::var("YINGDA_RELIABILITY").is_ok_and(|set| set == "long")
}

/// Fills the store with messages of a kilobyte until its file has `bytes`; how many.
async fn fill(sandbox: &Sandbox, bytes: u64) -> u64 {
    let path = sandbox.path("data/yingda.db");
    let store = Store::open(&Location::File(path.clone())).await.unwrap();
    let keys = store.keys_of(KeyPurpose::System).await.unwrap();
    let KeyId(key) = keys.into_iter().find(|key| key.state == KeyState::Current).unwrap().id;
    let KeyId(index) = store.keys_of(KeyPurpose::Index).await.unwrap()[0].id;
    let mut random = ChaCha8Rng::seed_from_u64(4);
    // What the store takes for sealed; nobody opens it here.
    let mut sealed = || {
        let mut body = vec![0; 1_000];
        random.fill_bytes(&mut body);
        Sealed([&[1], &key.to_be_bytes()[..], &body].concat())
    };
    let (mut written, mut number) = (0_u64, 0_u64);
    while fs::metadata(&path).unwrap().len() < bytes {
        let (id, contact) = (ConversationId::from(Uuid::now_v7()), Uuid::now_v7().into());
        let identity = BlindIndex([&index.to_be_bytes()[..], &number.to_be_bytes()].concat());
        let channel = String::from("web");
        let (external_id, earlier_identities) = (sealed(), Vec::new());
        let new = NewIdentity {
            channel: channel.clone(),
            identity,
            earlier_identities,
            external_id,
            contact,
            at: NOW,
        };
        store.contact_of_identity(new).await.unwrap();
        store
            .open_conversation(NewConversation { id, contact, channel, priority: 0, at: NOW })
            .await
            .unwrap();
        let messages = (0..500).map(|_| {
            number += 1;
            let message = NewMessage {
                id: Uuid::now_v7().into(),
                conversation: id,
                dedupe_key: DedupeKey(number.to_be_bytes().to_vec()),
                reply_to: None,
                kind: String::from("text"),
                body: sealed(),
                at: NOW,
            };
            store.ingest(message)
        });
        let stored = join_all(messages.collect::<Vec<_>>()).await;
        written += stored.into_iter().map(Result::unwrap).count() as u64;
    }
    store.close().await;
    written
}

#[test]
fn a_large_store_is_backed_up_and_restored_in_time() {
    let bytes: u64 = if is_long() { 1 << 30 } else { 4 << 20 };
    let sandbox = Sandbox::new();
    init(&sandbox);
    let identities = sealing::backup::Identities::generate();
    sandbox.file("backup.key", identities.to_text().as_bytes());
    let key = identities.recipients().to_string();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let messages = runtime.block_on(fill(&sandbox, bytes));
    let size = fs::metadata(sandbox.path("data/yingda.db")).unwrap().len();

    let begun = Instant::now();
    let written = json_of(&sandbox, &["backup", "all.age", "--recipient", key.trim()]);
    let backing_up = begun.elapsed();
    let begun = Instant::now();
    let verified = json_of(&sandbox, &["backup", "verify", "all.age", "--identity", "backup.key"]);
    let verifying = begun.elapsed();
    assert_eq!(verified, written);
    remove_store(&sandbox);
    let begun = Instant::now();
    let restored = json_of(&sandbox, &["restore", "all.age", "--identity", "backup.key"]);
    let restoring = begun.elapsed();
    assert_eq!(restored["restored"], written, "counts, checksums and the end of the audit log");
    let tables = written["tables"].as_array().unwrap();
    let stored = tables.iter().find(|table| table["name"] == "messages").unwrap();
    assert_eq!(stored["rows"], messages);
    assert!(restoring < RESTORED_WITHIN, "{restoring:?}");
    let backup = fs::metadata(sandbox.path("all.age")).unwrap().len();
    eprintln!(
        "{messages} messages, {size} bytes: backed up to {backup} bytes in {backing_up:.1?}, verified in {verifying:.1?}, \
         restored and compared in {restoring:.1?}"
    );
}
