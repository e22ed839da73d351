//! A PostgreSQL server that crashes, and connections that are cut, under load.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use store::{Location, Store};

use crate::{
    evidence::{Acknowledged, assert_audit_is_whole, follow_events},
    load::{Ledger, work},
    postgres_server::{Server, connect},
    times,
};

/// The longest until writing goes on after the server is back or a connection was cut.
const HEALTHY: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_server_crashes_and_connections_are_cut() {
    let Some(server) = tokio::task::spawn_blocking(Server::start).await.unwrap() else { return };
    let server = Arc::new(server);
    let location = server.new_database().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger");
    let store = Arc::new(Store::open(&location).await.unwrap());
    let ledger = Arc::new(Ledger::open(&path).unwrap());
    let going_on = Arc::new(AtomicBool::new(true));
    let workers: Vec<_> = (0..8)
        .map(|number| {
            let (store, ledger, going_on) = (Arc::clone(&store), Arc::clone(&ledger), Arc::clone(&going_on));
            let go_on = move || going_on.load(Ordering::Relaxed);
            tokio::spawn(async move { work(&store, &ledger, number, go_on).await })
        })
        .collect();
    let (restarts, cuts) = (times(3, 50), times(10, 200));
    let mut slowest = Duration::ZERO;
    for _ in 0..restarts {
        tokio::time::sleep(Duration::from_millis(400)).await;
        let crashing = Arc::clone(&server);
        tokio::task::spawn_blocking(move || crashing.restart_immediately()).await.unwrap();
        slowest = slowest.max(healthy_again(&path).await);
    }
    for _ in 0..cuts {
        tokio::time::sleep(Duration::from_millis(100)).await;
        cut_connections(&server).await;
        slowest = slowest.max(healthy_again(&path).await);
    }
    going_on.store(false, Ordering::Relaxed);
    for worker in workers {
        worker.await.unwrap().unwrap();
    }
    let noted = Acknowledged::read(&path);
    let refusals = noted.refusals.len();
    assert!(refusals > 0, "nothing was interrupted");
    assert_kept(&noted, &location).await;
    eprintln!(
        "{restarts} crashes and {cuts} cuts of all connections: 0 of {} acknowledged messages lost, {refusals} writes \
         repeated, healthy again after at most {slowest:?}",
        noted.messages.len()
    );
}

async fn assert_kept(noted: &Acknowledged, location: &Location) {
    let store = Store::open(location).await.unwrap();
    noted.assert_kept_by(&store).await;
    follow_events(&store, 0).await;
    assert_audit_is_whole(&store).await;
}

/// Ends every connection but our own.
async fn cut_connections(server: &Server) {
    let client = connect(&server.address("postgres")).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    client.batch_execute(cut).await.unwrap();
}

/// Waits until writes are acknowledged again; how long that took.
async fn healthy_again(ledger: &Path) -> Duration {
    let begun = Instant::now();
    let before = Acknowledged::read(ledger).messages.len();
    while Acknowledged::read(ledger).messages.len() <= before + 8 {
        assert!(begun.elapsed() < HEALTHY, "writing did not go on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}
