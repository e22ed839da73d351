//! An archive holds everything of one state, for either engine, or is refused.

use std::io::Cursor;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::{Error, Location, Manifest, MessageId, Store};

use crate::{
    lived_in,
    records::{NOW, conversation, message},
    support::{Database, on_both_engines},
};

async fn archived(store: &Store) -> (Vec<u8>, Manifest) {
    store.write_archive(Vec::new(), NOW).await.unwrap()
}

/// An empty place on the same engine.
async fn elsewhere(database: &Database) -> Location {
    match &database.location {
        Location::File(path) => Location::File(path.with_file_name("elsewhere.db")),
        Location::Server(_) => Database::empty_on_server().await.unwrap(),
    }
}

fn rows_of(manifest: &Manifest, name: &str) -> u64 {
    manifest.tables.iter().find(|table| table.name == name).unwrap().rows
}

on_both_engines! {
    async fn every_row_comes_back_and_can_be_worked_with(database) {
        lived_in::fill(&database.store).await;
        let (bytes, manifest) = archived(&database.store).await;
        for table in &manifest.tables {
            assert!(table.rows > 0 || table.name == "audit_anchors", "no row of {} is tested", table.name);
        }
        let location = elsewhere(&database).await;
        let (restored, said) = Store::open_archived(&location, Cursor::new(bytes.clone())).await.unwrap();
        assert_eq!(said, manifest);
        assert_eq!(archived(&restored).await.0, bytes, "written again it is the same, byte for byte");
        assert!(restored.manifest(NOW).await.unwrap().is_of_same_rows(&manifest));
        restored.check().await.unwrap();
        let begun = conversation(&restored, "web").await;
        restored.ingest(message(begun.id, "after the restoration")).await.unwrap();
        assert!(!restored.manifest(NOW).await.unwrap().is_of_same_rows(&manifest));
    }

    async fn what_is_written_meanwhile_is_not_in_it(database) {
        let begun = conversation(&database.store, "web").await;
        database.store.ingest(message(begun.id, "before")).await.unwrap();
        let writing = database.opened_again().await;
        let pausing = Pausing { bytes: Vec::new(), writing: Some(tokio::spawn(async move {
            for number in 0..700 {
                writing.ingest(message(begun.id, &number.to_string())).await.unwrap();
            }
        })) };
        let (pausing, manifest) = database.store.write_archive(pausing, NOW).await.unwrap();
        pausing.writing.unwrap().await.unwrap();
        let (messages, events) = (rows_of(&manifest, "messages"), rows_of(&manifest, "events"));
        assert_eq!(events, messages + 1, "one event for each message, and one for the conversation");
        let location = elsewhere(&database).await;
        let (restored, _) = Store::open_archived(&location, Cursor::new(pausing.bytes)).await.unwrap();
        assert_eq!(restored.messages_of(begun.id, 0, u32::MAX).await.unwrap().len() as u64, messages);
        assert_eq!(database.store.messages_of(begun.id, 0, u32::MAX).await.unwrap().len(), 701);
    }

    async fn rows_that_are_there_are_not_overwritten(database) {
        let (bytes, _) = archived(&database.store).await;
        let refused = Store::open_archived(&database.location, Cursor::new(bytes)).await.unwrap_err();
        assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    }

    async fn a_truncated_or_altered_archive_leaves_nothing(database) {
        lived_in::fill(&database.store).await;
        let (whole, manifest) = archived(&database.store).await;
        let location = elsewhere(&database).await;
        let mut random = ChaCha8Rng::seed_from_u64(9);
        for _ in 0..60 {
            let cut = random.random_range(0..whole.len());
            refused(&location, whole[..cut].to_vec()).await;
            let mut altered = whole.clone();
            altered[cut] ^= 1 << random.random_range(0..8);
            refused(&location, altered).await;
        }
        refused(&location, [whole.as_slice(), b"more"].concat()).await;
        let store = Store::open(&location).await.unwrap();
        assert_eq!(store.manifest(NOW).await.unwrap().rows(), 0);
        store.close().await;
        let (_, said) = Store::open_archived(&location, Cursor::new(whole)).await.unwrap();
        assert_eq!(said, manifest);
    }

    async fn the_archive_of_a_newer_program_is_refused(database) {
        let (bytes, manifest) = archived(&database.store).await;
        let version = format!("\"schema_version\":{}", manifest.header.schema_version);
        let newer = replaced(&bytes, &version, "\"schema_version\":9");
        let location = elsewhere(&database).await;
        let refused = Store::open_archived(&location, Cursor::new(newer)).await.unwrap_err();
        assert!(matches!(refused, Error::NewerSchema { found: 9, .. }), "{refused}");
    }

    async fn the_archive_of_an_older_program_is_brought_up_to_date(database) {
        lived_in::fill(&database.store).await;
        let (bytes, manifest) = archived(&database.store).await;
        let older = before_consents(&bytes, &manifest);
        let location = elsewhere(&database).await;
        let (restored, said) = Store::open_archived(&location, Cursor::new(older)).await.unwrap();
        assert_eq!(said.header.schema_version, manifest.header.schema_version - 1);
        let now = restored.manifest(NOW).await.unwrap();
        assert_eq!(now.header.schema_version, manifest.header.schema_version);
        assert_eq!((rows_of(&now, "messages"), rows_of(&now, "consents")), (rows_of(&manifest, "messages"), 0));
        drop(restored);
        Store::open(&location).await.unwrap();
    }

    async fn every_table_and_column_is_in_it(database) {
        let (bytes, manifest) = archived(&database.store).await;
        let told = String::from_utf8_lossy(&bytes).into_owned();
        let columns = database.columns().await;
        assert!(columns.len() > 100);
        for (table, column) in columns.iter().filter(|(table, _)| table != "schema_versions") {
            let start = format!("{{\"name\":\"{table}\",\"columns\":[");
            let named = told.split_once(&start).and_then(|(_, rest)| rest.split_once(']')).map(|(names, _)| names);
            let named = named.unwrap_or_else(|| panic!("{table} is not archived"));
            assert!(named.contains(&format!("\"{column}\"")), "{table}.{column} is not archived");
        }
        assert_eq!(manifest.tables.len(), columns.iter().map(|(table, _)| table).collect::<std::collections::HashSet<_>>().len() - 1);
    }
}

/// The tables that came with the last step of the schema.
const NEWEST_TABLES: [&str; 2] = ["consents", "audit_anchors"];

/// The same archive as the program wrote it before it knew [`NEWEST_TABLES`].
fn before_consents(bytes: &[u8], manifest: &Manifest) -> Vec<u8> {
    let mut older = manifest.clone();
    older.header.schema_version -= 1;
    older.tables.retain(|table| !NEWEST_TABLES.contains(&table.name.as_str()));
    let preamble = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let (mut written, mut rest, mut is_kept) = (bytes[..preamble].to_vec(), &bytes[preamble..], true);
    while let [kind, a, b, c, d, after @ ..] = rest {
        let (content, following) = after.split_at(u32::from_be_bytes([*a, *b, *c, *d]) as usize);
        rest = following;
        let content = match kind {
            b'H' => serde_json::to_vec(&older.header).unwrap(),
            b'E' => serde_json::to_vec(&older).unwrap(),
            _ => content.to_vec(),
        };
        if *kind != b'R' {
            let start = String::from_utf8_lossy(&content);
            is_kept = !NEWEST_TABLES.iter().any(|name| start.starts_with(&format!("{{\"name\":\"{name}\"")));
        }
        if is_kept {
            written.push(*kind);
            written.extend((content.len() as u32).to_be_bytes());
            written.extend(content);
        }
    }
    written
}

/// Writes of others go on while it is filled.
struct Pausing {
    bytes: Vec<u8>,
    writing: Option<tokio::task::JoinHandle<()>>,
}

impl std::io::Write for Pausing {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::thread::sleep(std::time::Duration::from_millis(2));
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn refused(location: &Location, bytes: Vec<u8>) {
    let refused = Store::open_archived(location, Cursor::new(bytes)).await.unwrap_err();
    // A number in the header may become that of a newer schema.
    assert!(matches!(refused, Error::Archive { .. } | Error::NewerSchema { .. }), "{refused}");
}

/// The same bytes with one text exchanged for another of the same length.
fn replaced(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

/// Where one engine wrote, the other reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_archive_of_one_engine_is_restored_by_the_other() {
    let Some(server) = Database::postgres().await else { return };
    let file = Database::sqlite().await;
    lived_in::fill(&server.store).await;
    lived_in::fill(&file.store).await;
    for (from, to) in [(&server, elsewhere(&file).await), (&file, elsewhere(&server).await)] {
        let (bytes, manifest) = archived(&from.store).await;
        let (restored, _) = Store::open_archived(&to, Cursor::new(bytes.clone())).await.unwrap();
        assert!(restored.manifest(NOW).await.unwrap().is_of_same_rows(&manifest));
        assert_eq!(archived(&restored).await.0, bytes);
        let unknown = restored.message(crate::records::new_id::<MessageId>()).await.unwrap_err();
        assert!(matches!(unknown, Error::NotFound { .. }));
    }
}
