//! Disks that fail, and disks that are full.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use store::{Location, Store};

use crate::{
    evidence::{Acknowledged, assert_audit_is_whole, follow_events},
    load::{Ledger, work},
    mount::{Mounted, fill},
    process::{Writer, is_installed},
};

#[tokio::test]
async fn a_failed_fsync_acknowledges_nothing_and_writing_goes_on_without_a_restart() {
    if !is_installed("strace") || !can_trace() {
        eprintln!("skipped: strace is not installed, or may not trace here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (path, ledger) = (folder.path().join("store.db"), folder.path().join("ledger"));
    let inject = "inject=fsync,fdatasync:error=EIO:when=60..75";
    let trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", inject];
    let mut writer = Writer::start_under(&trace, path.to_str().unwrap(), &ledger);
    writer.opened();
    let refused_at = wait_for(&ledger, |noted| !noted.refusals.is_empty()).messages.len();
    let resumed = wait_for(&ledger, |noted| noted.messages.len() > refused_at + 200);
    // strace dies with its program.
    end_traced(&writer);
    drop(writer);
    let store = Store::open(&Location::File(path)).await.unwrap();
    store.check().await.unwrap();
    let noted = Acknowledged::read(&ledger);
    noted.assert_kept_by(&store).await;
    follow_events(&store, 0).await;
    assert!(noted.refusals.iter().all(|line| line.contains("disk I/O error")), "{:?}", noted.refusals);
    eprintln!(
        "{} refusals for failed fsyncs, {} messages afterwards",
        resumed.refusals.len(),
        noted.messages.len()
    );
}

fn can_trace() -> bool {
    std::process::Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .status()
        .is_ok_and(|end| end.success())
}

/// The traced program outlives a killed strace, so it is ended itself.
fn end_traced(writer: &Writer) {
    let children = format!("/proc/{0}/task/{0}/children", writer.id());
    for child in fs::read_to_string(children).unwrap().split_whitespace() {
        assert!(std::process::Command::new("kill").args(["-9", child]).status().unwrap().success());
    }
}

fn wait_for(ledger: &Path, wanted: impl Fn(&Acknowledged) -> bool) -> Acknowledged {
    let begun = Instant::now();
    loop {
        let noted = Acknowledged::read(ledger);
        if wanted(&noted) {
            return noted;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing more was acknowledged");
        sleep(Duration::from_millis(20));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writes_serves_reads_and_recovers_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let point = folder.path().join("disk");
    fs::create_dir(&point).unwrap();
    let Some(_mounted) = Mounted::new(&["-t", "tmpfs", "-o", "size=40m"], Path::new("tmpfs"), &point) else {
        eprintln!("skipped: no mounts here (they need root)");
        return;
    };
    let path = point.join("store.db");
    let store = Arc::new(Store::open(&Location::File(path.clone())).await.unwrap());
    let ledger = Arc::new(Ledger::open(&folder.path().join("ledger")).unwrap());
    let going_on = Arc::new(AtomicBool::new(true));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let (store, ledger, going_on) = (Arc::clone(&store), Arc::clone(&ledger), Arc::clone(&going_on));
            let go_on = move || going_on.load(Ordering::Relaxed);
            tokio::spawn(async move { work(&store, &ledger, number, go_on).await })
        })
        .collect();
    let acknowledged = || Acknowledged::read(&folder.path().join("ledger")).messages.len();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let filler = fill(&point);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let (refusals, failed_reads) = ledger.trouble();
    assert!(refusals > 0, "the disk was not full");
    assert_eq!(failed_reads, 0, "reads go on");
    let before = acknowledged();
    fs::remove_file(filler).unwrap();
    let begun = Instant::now();
    while acknowledged() <= before + 50 {
        assert!(begun.elapsed() < Duration::from_secs(5), "writing did not resume");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let resumed = begun.elapsed();
    going_on.store(false, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap().unwrap();
    }
    store.check().await.unwrap();
    let noted = Acknowledged::read(&folder.path().join("ledger"));
    assert!(
        noted.refusals.iter().any(|line| line.contains("the disk is full")),
        "{:?}",
        noted.refusals.first()
    );
    noted.assert_kept_by(&store).await;
    follow_events(&store, 0).await;
    assert_audit_is_whole(&store).await;
    eprintln!(
        "{refusals} refusals on a full disk, 0 failed reads, 50 messages {resumed:?} after there was space"
    );
}
