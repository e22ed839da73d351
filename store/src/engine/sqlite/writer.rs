//! The writer thread: everything that waits is committed at once, then everybody is answered.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use futures::FutureExt;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    connection::open_writer,
    failure::from_sqlite,
    reserve::{Kept, Reserve},
    session::Session,
};
use crate::{
    Error, Result,
    engine::{
        GROUP_SIZE, Transaction, WaitingUnit,
        unit::{Urgency, answer_all},
    },
};

/// How long to wait before looking again whether there is space for the reserve.
const PAUSE: Duration = Duration::from_secs(1);

type Group = Vec<Box<dyn WaitingUnit>>;

/// Starts the thread; the receiver hears when it has ended.
pub(super) fn start(
    path: PathBuf,
    first: Connection,
    mut waiting: mpsc::Receiver<Box<dyn WaitingUnit>>,
) -> Result<oneshot::Receiver<()>> {
    let (ending, ended) = oneshot::channel();
    let reserve = Reserve::beside(&path);
    let mut writer = Writer { path, connection: Some(first), reserve, kept: Kept::Yes, looked_at: None };
    let run = move || {
        let mut group = Group::new();
        while waiting.blocking_recv_many(&mut group, GROUP_SIZE) > 0 {
            writer.commit(std::mem::take(&mut group));
        }
        drop(writer);
        // Nobody may listen.
        let _ = ending.send(());
    };
    thread::Builder::new().name(String::from("store-writer")).spawn(run).map_err(Error::unavailable)?;
    Ok(ended)
}

struct Writer {
    path: PathBuf,
    /// Missing after a failure of the disk: what the connection believes about the file is no longer certain.
    connection: Option<Connection>,
    reserve: Reserve,
    /// What was known of the reserve last, and since when where it was missing.
    kept: Kept,
    looked_at: Option<Instant>,
}

impl Writer {
    fn commit(&mut self, group: Group) {
        let mut group = if self.has_reserve(&group) { group } else { refuse_ordinary(group) };
        if group.is_empty() {
            return;
        }
        let committed = self.connected().and_then(|connection| write(connection, &mut group));
        if let Err(error) = &committed {
            tracing::warn!(%error, units = group.len(), "a group of writes was not committed");
            if *error != Error::DiskFull {
                self.connection = None;
            }
        }
        answer_all(group, &committed);
    }

    /// Whether space is kept back, or cannot be for another reason than that there is none. It is given up for a last
    /// resort.
    fn has_reserve(&mut self, group: &Group) -> bool {
        if group.iter().any(|unit| unit.urgency() == Urgency::LastResort) {
            self.kept = Kept::Yes;
            if let Err(error) = self.reserve.release() {
                tracing::error!(%error, "the space that is kept back cannot be used");
            }
            return false;
        }
        if self.reserve.is_whole() {
            self.kept = Kept::Yes;
        } else if self.kept == Kept::Yes || self.looked_at.is_none_or(|at| at.elapsed() >= PAUSE) {
            self.kept = self.reserve.restore();
            self.looked_at = Some(Instant::now());
        }
        self.kept != Kept::NoSpace
    }

    fn connected(&mut self) -> Result<&mut Connection> {
        if self.connection.is_none() {
            self.connection = Some(open_writer(&self.path)?);
        }
        self.connection.as_mut().ok_or_else(|| Error::unavailable("there is no connection"))
    }
}

/// Answers what a full disk refuses; what is left.
fn refuse_ordinary(group: Group) -> Group {
    let (urgent, ordinary): (Group, Group) =
        group.into_iter().partition(|unit| unit.urgency() != Urgency::Ordinary);
    answer_all(ordinary, &Err(Error::DiskFull));
    urgent
}

/// All units in one transaction. An error means that none of them was committed.
fn write(connection: &mut Connection, group: &mut Group) -> Result<()> {
    run(connection, "BEGIN IMMEDIATE")?;
    let written = group.iter_mut().try_for_each(|unit| perform(connection, unit.as_mut()));
    let committed = written.and_then(|()| run(connection, "COMMIT"));
    if committed.is_err() && !connection.is_autocommit() {
        run(connection, "ROLLBACK")?;
    }
    committed
}

/// One unit within its savepoint. The unit keeps its own failure; an error here is one of the whole transaction.
fn perform(connection: &mut Connection, unit: &mut dyn WaitingUnit) -> Result<()> {
    run(connection, "SAVEPOINT unit")?;
    let performed = {
        let mut transaction = Transaction::Sqlite(Session::new(connection));
        unit.perform(&mut transaction).now_or_never()
    };
    let outcome = performed.unwrap_or_else(|| Err(Error::defect("a unit waited for something else")));
    match outcome {
        Ok(()) => run(connection, "RELEASE unit"),
        // SQLite rolls everything back by itself when the disk fails or is full.
        Err(error) if connection.is_autocommit() || ends_the_group(&error) => Err(error),
        Err(_) => run(connection, "ROLLBACK TO unit").and_then(|()| run(connection, "RELEASE unit")),
    }
}

/// After these the connection itself is in doubt.
fn ends_the_group(error: &Error) -> bool {
    matches!(error, Error::DiskFull | Error::Unavailable { .. })
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    let mut statement = connection.prepare_cached(sql).map_err(|error| from_sqlite(&error))?;
    statement.execute([]).map(drop).map_err(|error| from_sqlite(&error))
}
