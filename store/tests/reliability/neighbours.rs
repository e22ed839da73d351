//! Other processes that come and go while one goes on.

use std::{
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use store::{Location, Store};

use crate::{
    evidence::{Acknowledged, assert_audit_is_whole, follow_events},
    load::{Ledger, work},
    process::{Writer, is_installed},
    times,
};

/// Whoever closes an SQLite database last removes its log. A process that is still writing must not be taken for gone.
#[tokio::test]
async fn a_process_that_closes_the_database_takes_nothing_from_one_that_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (own, others) = (folder.path().join("own ledger"), folder.path().join("other ledger"));
    let store = Store::open(&Location::File(path.clone())).await.unwrap();
    let ledger = Ledger::open(&own).unwrap();
    let rounds = times(3, 50);
    for round in 0..rounds {
        // Both open the file once more and close it again.
        store.check().await.unwrap();
        let _again = Store::open(&Location::File(path.clone())).await.unwrap();
        Writer::write_for(path.to_str().unwrap(), &others, Duration::from_millis(200));
        look_with_another_build(&path);
        let written = AtomicU32::new(0);
        let ten = || written.fetch_add(1, Ordering::Relaxed) < 10;
        work(&store, &ledger, round as usize, ten).await.unwrap();
        let left = as_a_crash_would_leave_it(&path, &folder.path().join(format!("left {round}"))).await;
        Acknowledged::read(&own).assert_kept_by(&left).await;
        Acknowledged::read(&others).assert_kept_by(&left).await;
    }
    follow_events(&store, 0).await;
    assert_audit_is_whole(&store).await;
    store.check().await.unwrap();
    let [own, others] = [own, others].map(|ledger| Acknowledged::read(&ledger).messages.len());
    assert!(own >= 10 * rounds as usize && others > rounds as usize);
    eprintln!("{rounds} processes came and went: 0 of {own} own and {others} other messages lost");
}

/// As an operator may: SQLite's own program, or Python's, of any age.
fn look_with_another_build(path: &Path) {
    if is_installed("python3") {
        let script = "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); \
                      print(database.execute('SELECT COUNT(*) FROM messages').fetchone()[0]); database.close()";
        let looked = Command::new("python3").args(["-c", script]).arg(path).output().unwrap();
        assert!(looked.status.success(), "{looked:?}");
    }
}

/// The files as they are at this moment, copied by another process: one that opens and closes a database's file itself
/// loses its locks on it.
async fn as_a_crash_would_leave_it(path: &Path, folder: &Path) -> Store {
    fs::create_dir(folder).unwrap();
    for ending in ["", "-wal"] {
        let file = format!("{}{ending}", path.display());
        let copied = Command::new("cp").arg(&file).arg(folder).status().unwrap();
        assert!(copied.success(), "{file} is not there");
    }
    let location = Location::File(folder.join(path.file_name().unwrap()));
    Store::open(&location).await.unwrap()
}
