//! Read connections: each read sees one committed state and waits for no write.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use futures::{FutureExt, future::BoxFuture};
use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{connection, failure::from_sqlite, session::Session};
use crate::{
    Error, Result,
    engine::{READERS, Transaction},
};

/// A few connections, opened when they are first needed.
#[derive(Clone, Debug)]
pub(crate) struct Readers {
    path: Arc<Path>,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: path.into(), idle: Arc::default(), permits: Arc::new(Semaphore::new(READERS)) }
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.blocking(move |readers| {
            let mut connection = readers.take()?;
            run(&connection, "BEGIN")?;
            let performed = {
                let mut transaction = Transaction::Sqlite(Session::new(&mut connection));
                unit(&mut transaction).now_or_never()
            };
            let outcome = performed.unwrap_or_else(|| Err(Error::defect("a unit waited for something else")));
            if run(&connection, "ROLLBACK").is_ok() {
                readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            }
            outcome
        })
        .await
    }

    /// The six checks that an opened file can be put to by itself: structure, references, and that its write-ahead log
    /// can be carried over and emptied.
    pub(crate) async fn check(&self) -> Result<()> {
        self.blocking(|readers| {
            let connection = connection::open_writer(&readers.path)?;
            let found: Result<Vec<String>> = text_rows(&connection, "PRAGMA integrity_check");
            let found = found?;
            if found != ["ok"] {
                return Err(Error::Schema { reason: found.join("; ") });
            }
            let dangling: Vec<String> = text_rows(&connection, "PRAGMA foreign_key_check")?;
            if let Some(table) = dangling.first() {
                return Err(Error::Schema { reason: format!("a row of {table} refers to nothing") });
            }
            run(&connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        })
        .await
    }

    /// Whether it is empty now: where others read for longer than a write may wait, it is not.
    pub(crate) async fn empty_log(&self) -> Result<bool> {
        self.blocking(|readers| {
            let connection = connection::open_writer(&readers.path)?;
            let busy: rusqlite::Result<i64> =
                connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
            busy.map(|busy| busy == 0).map_err(|error| from_sqlite(&error))
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(Error::unavailable)?;
        let readers = self.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let outcome = work(&readers);
            drop(permit);
            outcome
        });
        reading.await.map_err(Error::unavailable)?
    }

    fn take(&self) -> Result<Connection> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| connection::open_reader(&self.path), Ok)
    }
}

fn run(connection: &Connection, sql: &str) -> Result<()> {
    connection.execute_batch(sql).map_err(|error| from_sqlite(&error))
}

fn text_rows(connection: &Connection, sql: &str) -> Result<Vec<String>> {
    let mut statement = connection.prepare(sql).map_err(|error| from_sqlite(&error))?;
    let rows = statement.query_map([], |row| row.get(0)).map_err(|error| from_sqlite(&error))?;
    rows.collect::<rusqlite::Result<_>>().map_err(|error| from_sqlite(&error))
}
