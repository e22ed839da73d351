//! Power cuts: the file system stops in the middle of everything, and only what reached the disk is left.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use store::{Location, Store};

use crate::{
    evidence::{Acknowledged, assert_audit_is_whole, follow_events},
    mount::{Mounted, cut_power, make_ext4},
    process::{Writer, is_installed},
    times,
};

/// Commits of the control run.
const CONTROL: i64 = 200;

/// Messages of the one commit that may be under way when the power is cut: one for each task of the writer. A file system that
/// is stopped in the middle of a sync may report success; after a real power cut nobody is there to hear it.
const UNDER_WAY: usize = 8;

#[tokio::test]
async fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (image, point) = (folder.path().join("disk.img"), folder.path().join("disk"));
    std::fs::create_dir(&point).unwrap();
    if !can_cut(&image, &point) {
        eprintln!("skipped: no loop mounts here (they need root, mkfs.ext4 and python3)");
        return;
    }
    let lost = control_run(&image, &point);
    assert!(lost > 0, "a cut that loses nothing with synchronous=NORMAL is no cut");
    let path = point.join("store.db");
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let (mut acknowledged, mut last_event, mut slowest) = (0, 0, Duration::ZERO);
    let rounds = times(5, 100);
    for round in 0..rounds {
        let ledger = folder.path().join(format!("ledger {round}"));
        let mounted = Mounted::new(&["-o", "loop"], &image, &point).unwrap();
        let mut writer = Writer::start(path.to_str().unwrap(), &ledger);
        writer.opened();
        sleep(Duration::from_millis(random.random_range(100..700)));
        let before = cut_power(&point, &ledger);
        sleep(Duration::from_millis(50));
        writer.kill();
        drop(mounted);
        let _mounted = Mounted::new(&["-o", "loop"], &image, &point).unwrap();
        let begun = Instant::now();
        let store = Store::open(&Location::File(path.clone())).await.unwrap();
        slowest = slowest.max(begun.elapsed());
        store.check().await.unwrap();
        let noted = Acknowledged::read_until(&ledger, before);
        noted.assert_kept_by(&store).await;
        let lied = Acknowledged::read(&ledger).lost_messages(&store).await;
        assert!(lied <= UNDER_WAY, "{lied} messages were acknowledged after the cut and are not there");
        last_event = follow_events(&store, last_event).await;
        assert_audit_is_whole(&store).await;
        acknowledged += noted.messages.len();
        store.close().await;
    }
    assert!(acknowledged > rounds as usize, "hardly anything was written: {acknowledged} messages");
    eprintln!(
        "{rounds} power cuts: 0 of {acknowledged} acknowledged messages lost, slowest start {slowest:?}; \
         control with synchronous=NORMAL: {lost} of {CONTROL} commits lost"
    );
}

fn can_cut(image: &Path, point: &Path) -> bool {
    is_installed("python3") && make_ext4(image) && Mounted::new(&["-o", "loop"], image, point).is_some()
}

/// Commits with SQLite's usual setting, then cuts the power; how many acknowledged commits are gone.
fn control_run(image: &Path, point: &Path) -> i64 {
    let path = point.join("control.db");
    let mounted = Mounted::new(&["-o", "loop"], image, point).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE row (id)")
        .unwrap();
    connection.execute_batch("PRAGMA synchronous = NORMAL").unwrap();
    for id in 0..CONTROL {
        connection.execute("INSERT INTO row (id) VALUES (?1)", [id]).unwrap();
    }
    cut_power(point, &path);
    // Closing it would wait for the disk that is no longer there.
    drop(connection);
    drop(mounted);
    let _mounted = Mounted::new(&["-o", "loop"], image, point).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let left: i64 = connection.query_row("SELECT COUNT(*) FROM row", [], |row| row.get(0)).unwrap();
    CONTROL - left
}
