//! The writer thread: everything that waits is committed at once, then everybody is answered.

use std::{path::PathBuf, thread};

use futures::FutureExt;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{connection::open_writer, failure::from_sqlite, session::Session};
use crate::{
    Error, Result,
    engine::{GROUP_SIZE, Transaction, WaitingUnit, unit::answer_all},
};

type Group = Vec<Box<dyn WaitingUnit>>;

/// Starts the thread; the receiver hears when it has ended.
pub(super) fn start(
    path: PathBuf,
    first: Connection,
    mut waiting: mpsc::Receiver<Box<dyn WaitingUnit>>,
) -> Result<oneshot::Receiver<()>> {
    let (ending, ended) = oneshot::channel();
    let mut writer = Writer { path, connection: Some(first) };
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
}

impl Writer {
    fn commit(&mut self, mut group: Group) {
        let committed = self.connected().and_then(|connection| write(connection, &mut group));
        if let Err(error) = &committed {
            tracing::warn!(%error, units = group.len(), "a group of writes was not committed");
            if *error != Error::DiskFull {
                self.connection = None;
            }
        }
        answer_all(group, &committed);
    }

    fn connected(&mut self) -> Result<&mut Connection> {
        if self.connection.is_none() {
            self.connection = Some(open_writer(&self.path)?);
        }
        self.connection.as_mut().ok_or_else(|| Error::unavailable("there is no connection"))
    }
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
