//! `kill -9`, over and over.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::{Location, Store};

use crate::{
    evidence::{Acknowledged, assert_audit_is_whole, follow_events},
    process::{Writer, is_installed},
    times,
};

/// The longest that opening may take after a kill.
const START: Duration = Duration::from_secs(3);

/// Then a new file is begun: checking a large one after each kill would take most of the time.
const ROUNDS_OF_A_FILE: u32 = 50;

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_process_is_killed_while_it_writes() {
    let folder = tempfile::tempdir().unwrap();
    let mut path = PathBuf::new();
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let (mut acknowledged, mut slowest, mut last_event) = (0, Duration::ZERO, 0);
    let rounds = times(30, 1000);
    for round in 0..rounds {
        if round % ROUNDS_OF_A_FILE == 0 {
            (path, last_event) = (folder.path().join(format!("store {round}.db")), 0);
        }
        let ledger = folder.path().join(format!("ledger {round}"));
        let mut writer = Writer::start(path.to_str().unwrap(), &ledger);
        slowest = slowest.max(writer.opened());
        sleep(Duration::from_millis(random.random_range(50..500)));
        writer.kill();
        let begun = Instant::now();
        let store = Store::open(&Location::File(path.clone())).await.unwrap();
        slowest = slowest.max(begun.elapsed());
        let noted = Acknowledged::read(&ledger);
        noted.assert_kept_by(&store).await;
        last_event = follow_events(&store, last_event).await;
        store.check().await.unwrap();
        if (round + 1) % ROUNDS_OF_A_FILE == 0 || round + 1 == rounds {
            assert_audit_is_whole(&store).await;
        }
        store.close().await;
        acknowledged += noted.messages.len();
    }
    assert!(acknowledged > rounds as usize, "hardly anything was written: {acknowledged} messages");
    assert!(slowest <= START, "opening took {slowest:?}");
    assert_stable_and_readable_by_others(&path, folder.path());
    eprintln!("{rounds} kills: 0 of {acknowledged} acknowledged messages lost; slowest start {slowest:?}");
}

#[tokio::test]
async fn a_kill_while_the_schema_is_made_leaves_a_database_that_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(2);
    let rounds = times(20, 200);
    let mut half_made = 0;
    for round in 0..rounds {
        let path = folder.path().join(format!("store {round}.db"));
        let ledger = folder.path().join("ledger");
        let writer = Writer::start(path.to_str().unwrap(), &ledger);
        sleep(Duration::from_millis(random.random_range(2..60)));
        writer.kill();
        half_made += u32::from(is_half_made(&path));
        let store = Store::open(&Location::File(path)).await.unwrap();
        store.check().await.unwrap();
        assert_eq!(store.jobs(1).await.unwrap(), []);
        store.close().await;
    }
    eprintln!("{rounds} kills while opening, {half_made} of them between two steps of the schema");
}

/// Some steps are applied, but not all.
fn is_half_made(path: &Path) -> bool {
    let Ok(connection) = rusqlite::Connection::open(path) else { return false };
    let steps: Result<i64, _> =
        connection.query_row("SELECT COUNT(*) FROM schema_versions", [], |row| row.get(0));
    steps.is_ok_and(|steps| steps < 3)
}

/// Every table can be counted, the counts stay the same over checkpoints, and another build of SQLite agrees.
fn assert_stable_and_readable_by_others(path: &Path, folder: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let counted = counts(&connection);
    assert!(counted.len() > 15, "{counted:?}");
    for _ in 0..2 {
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        assert_eq!(counts(&connection), counted);
    }
    drop(connection);
    if !is_installed("python3") {
        eprintln!("not read by another build of SQLite: python3 is not installed");
        return;
    }
    // A copy: an older SQLite must not touch the file itself.
    let copy = folder.join("copy.db");
    fs::copy(path, &copy).unwrap();
    let script = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])";
    let output = Command::new("python3").args(["-c", script]).arg(&copy).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok");
}

fn counts(connection: &rusqlite::Connection) -> Vec<(String, i64)> {
    let mut statement =
        connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let count = |name: &String| {
        connection.query_row(&format!("SELECT COUNT(*) FROM {name}"), [], |row| row.get(0)).unwrap()
    };
    names.iter().map(|name| (name.clone(), count(name))).collect()
}
