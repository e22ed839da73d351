//! The two engines behind one set of statements.
//!
//! A statement is SQL that both understand, with `$1`, `$2`, … for its values. Writes are units: functions over a
//! [`Transaction`]. Units wait in one queue; a writer takes all that wait, performs each within its own savepoint, commits
//! once, and only then answers. So one unit fails alone, nothing is acknowledged before it is durable, and the cost of
//! making it durable is shared. Writes are serial on both engines, also between processes: by `BEGIN IMMEDIATE` on
//! SQLite, by an advisory lock on PostgreSQL.

mod postgres;
mod row;
mod sqlite;
mod transaction;
mod unit;
mod value;

use std::path::PathBuf;

use futures::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

pub(crate) use row::{Fields, Row};
pub(crate) use transaction::Transaction;
use unit::{Unit, Urgency, WaitingUnit};
pub(crate) use value::{FromValue, Value, values};

use crate::{Error, Location, Result};

/// Writes that may wait at once; more are refused.
const QUEUE_CAPACITY: usize = 1024;

/// Units that share one commit.
const GROUP_SIZE: usize = 256;

/// Read transactions at once.
const READERS: usize = 4;

/// An opened database: the writer's queue, and readers.
#[derive(Debug)]
pub(crate) struct Engine {
    queue: mpsc::Sender<Box<dyn WaitingUnit>>,
    readers: Readers,
    writer_ended: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

#[derive(Debug)]
enum Readers {
    Sqlite(sqlite::Readers),
    Postgres(postgres::Readers),
}

impl Engine {
    pub(crate) async fn open(location: &Location) -> Result<Self> {
        match location {
            Location::File(path) => Self::open_sqlite(path.clone()).await,
            Location::Server(url) => Self::open_postgres(url).await,
        }
    }

    async fn open_sqlite(path: PathBuf) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        let (readers, ended) = sqlite::open(path, waiting).await?;
        Ok(Self { queue, readers: Readers::Sqlite(readers), writer_ended: Some(ended).into() })
    }

    async fn open_postgres(url: &str) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_CAPACITY);
        let (readers, ended) = postgres::open(url, waiting).await?;
        Ok(Self { queue, readers: Readers::Postgres(readers), writer_ended: Some(ended).into() })
    }

    /// Performs `unit` and returns once it is durable. A unit that fails leaves nothing behind.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.write_as(Urgency::Ordinary, unit).await
    }

    /// The same for what must still be possible on a full disk: it may use the space that is kept back for this.
    pub(crate) async fn write_urgently<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + Clone + 'static,
    ) -> Result<T> {
        match self.write_as(Urgency::Urgent, unit.clone()).await {
            Err(Error::DiskFull) => self.write_as(Urgency::LastResort, unit).await,
            outcome => outcome,
        }
    }

    async fn write_as<T: Send + 'static>(
        &self,
        urgency: Urgency,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let (waiter, outcome) = oneshot::channel();
        self.queue.try_send(Box::new(Unit::new(urgency, unit, waiter))).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::unavailable("the store is closed"),
        })?;
        outcome.await.unwrap_or_else(|_| Err(Error::unavailable("the writer stopped")))
    }

    /// Performs `unit` on one consistent state of the database. It must not write.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        match &self.readers {
            Readers::Sqlite(readers) => readers.read(unit).await,
            Readers::Postgres(readers) => readers.read(unit).await,
        }
    }

    /// Lets what waits be written, then ends the writer. The engine answers no further write.
    pub(crate) async fn close(self) {
        let Self { queue, readers: _, writer_ended } = self;
        drop(queue);
        if let Some(ended) = writer_ended.into_inner() {
            // An error says that the writer is gone already.
            let _ = ended.await;
        }
    }

    /// Carries the write-ahead log over into the file and empties it, so that nothing overwritten stays readable there;
    /// `false` where others read at the moment: it is emptied later. PostgreSQL keeps its log by its own rules.
    pub(crate) async fn empty_log(&self) -> Result<bool> {
        match &self.readers {
            Readers::Sqlite(readers) => readers.empty_log().await,
            Readers::Postgres(_) => Ok(true),
        }
    }

    /// Leaves nothing of removed or changed rows of `table` in the database's files: SQLite overwrites them at once, so
    /// the log is all that is emptied; PostgreSQL writes the table anew, once nobody sees an older state.
    pub(crate) async fn overwrite_removed(&self, table: &'static str) -> Result<()> {
        let done = match &self.readers {
            Readers::Sqlite(readers) => readers.empty_log().await?,
            Readers::Postgres(readers) => readers.rewrite(table).await?,
        };
        let reason = "others are reading, so that removed rows cannot be overwritten";
        if done { Ok(()) } else { Err(Error::unavailable(reason)) }
    }

    /// Checks what the engine itself can say: the structure of an SQLite file, the settings of a PostgreSQL server.
    pub(crate) async fn check(&self) -> Result<()> {
        match &self.readers {
            Readers::Sqlite(readers) => readers.check().await,
            Readers::Postgres(readers) => readers.check().await,
        }
    }
}
