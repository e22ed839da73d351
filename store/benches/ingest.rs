//! How many messages a second are stored durably, and how long each waits for its acknowledgement.
//!
//! Closed loop: every writer has a conversation and sends the next message when the last one is acknowledged. A message
//! is four rows: itself, its place in the conversation, its event and the event's number; the key that sealed it is looked
//! up in the same transaction. `YINGDA_BENCH_SECONDS` says how
//! long each row of the table takes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "shares the tests' server")]

#[path = "../tests/store/support/postgres_server.rs"]
mod postgres_server;
#[path = "../tests/store/support/stand_in.rs"]
mod stand_in;

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use store::{
    DedupeKey, KeyPurpose, Location, MessageId, NewConversation, NewIdentity, NewMessage, Sealed, Store,
    Timestamp,
};
use uuid::Uuid;

use stand_in::{KEY, index, key, sealed_with};

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// What the store takes for sealed; `length` bytes and nine more.
fn sealed(length: usize) -> Sealed {
    sealed_with(KEY, &"3".repeat(length))
}

#[tokio::main]
async fn main() {
    // On the disk that the project is on: a temporary folder may be in memory, where nothing is durable.
    let folder = tempfile::tempdir_in(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let seconds = std::env::var("YINGDA_BENCH_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    println!("one fsync takes {:.1} ms here", fsync_milliseconds(folder.path()));
    println!(
        "{:<12} {:>8} {:>12} {:>9} {:>9} {:>9}",
        "engine", "writers", "messages/s", "p50 ms", "p99 ms", "max ms"
    );
    let file = Location::File(folder.path().join("store.db"));
    let server = tokio::task::spawn_blocking(postgres_server::Server::start).await.unwrap();
    for writers in [1, 64, 256] {
        row("SQLite", &file, writers, Duration::from_secs(seconds)).await;
        if let Some(server) = &server {
            row("PostgreSQL", &server.new_database().await, writers, Duration::from_secs(seconds)).await;
        }
    }
    // A server that is stopped blocks this thread for a moment, and there is nothing else to do.
    drop(server);
}

async fn row(engine: &str, location: &Location, writers: usize, lasting: Duration) {
    let store = Arc::new(Store::open(location).await.unwrap());
    // False from the second row on: SQLite's file is there already.
    store.add_key(key(KEY, KeyPurpose::System), None).await.unwrap();
    let begun = Instant::now();
    let running: Vec<_> = (0..writers)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { write(&store, lasting).await })
        })
        .collect();
    let mut waited = Vec::new();
    for writer in running {
        waited.extend(writer.await.unwrap());
    }
    let rate = waited.len() as f64 / begun.elapsed().as_secs_f64();
    waited.sort_by(f64::total_cmp);
    let (count, longest) = (waited.len(), waited.last().unwrap());
    let (p50, p99) = (waited[count / 2], waited[count * 99 / 100]);
    println!("{engine:<12} {writers:>8} {rate:>12.0} {p50:>9.1} {p99:>9.1} {longest:>9.1}");
}

/// How long each acknowledgement took, in milliseconds.
async fn write(store: &Store, lasting: Duration) -> Vec<f64> {
    let identity = NewIdentity {
        channel: String::from("web"),
        identity: index(&Uuid::now_v7().to_string()),
        earlier_identities: Vec::new(),
        external_id: sealed(60),
        contact: Uuid::now_v7().into(),
        at: NOW,
    };
    let contact = store.contact_of_identity(identity).await.unwrap().id;
    let new = NewConversation {
        id: Uuid::now_v7().into(),
        contact,
        channel: String::from("web"),
        priority: 0,
        at: NOW,
    };
    let conversation = store.open_conversation(new).await.unwrap().id;
    let (begun, mut waited) = (Instant::now(), Vec::new());
    while begun.elapsed() < lasting {
        let id = Uuid::now_v7();
        let message = NewMessage {
            id: MessageId::from(id),
            conversation,
            dedupe_key: DedupeKey(id.as_bytes().to_vec()),
            reply_to: None,
            kind: String::from("text"),
            body: sealed(300),
            at: NOW,
        };
        let sent = Instant::now();
        store.ingest(message).await.unwrap();
        waited.push(sent.elapsed().as_secs_f64() * 1e3);
    }
    waited
}

/// What the disk itself takes, as `dd` measures it; the unit of every durable write.
fn fsync_milliseconds(folder: &Path) -> f64 {
    const WRITES: u32 = 100;
    let begun = Instant::now();
    let target = format!("of={}", folder.join("fsync").display());
    let count = format!("count={WRITES}");
    let output =
        Command::new("dd").args(["if=/dev/zero", &target, "bs=4k", &count, "oflag=dsync"]).output().unwrap();
    assert!(output.status.success(), "dd failed");
    begun.elapsed().as_secs_f64() * 1e3 / f64::from(WRITES)
}
