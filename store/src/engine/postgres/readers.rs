//! Read connections: each read sees one committed state.

use std::time::Duration;

use deadpool_postgres::Pool;
use futures::future::BoxFuture;
use tokio_postgres::{Client, IsolationLevel};

use super::{
    connection::{from_pool, refuse_unsafe_server},
    failure::from_postgres,
    session::Session,
};
use crate::{Result, engine::Transaction};

/// How long [`Readers::rewrite`] waits for others to end what they read, and how often it looks.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A transaction that is not over is no more than this one.
const NEXT_TRANSACTION: &str = "SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text";

/// Whether a session, a prepared transaction or a replica holds back what was removed before the transaction `$1`, as
/// `GetOldestNonRemovableTransactionId` in the server counts them.
const IS_HELD_BACK: &str = "SELECT \
    EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() \
        AND (datname = current_database() OR datname IS NULL) \
        AND greatest(age(backend_xmin), age(backend_xid)) > age($1::text::xid)) \
    OR EXISTS (SELECT 1 FROM pg_replication_slots \
        WHERE greatest(age(xmin), age(catalog_xmin)) > age($1::text::xid)) \
    OR EXISTS (SELECT 1 FROM pg_prepared_xacts \
        WHERE database = current_database() AND age(transaction) > age($1::text::xid))";

/// A few connections, opened when they are first needed.
#[derive(Clone)]
pub(crate) struct Readers {
    pool: Pool,
}

/// Says nothing of the address, which can hold a password.
impl std::fmt::Debug for Readers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Readers").finish_non_exhaustive()
    }
}

impl Readers {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool }
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        let mut client = self.pool.get().await.map_err(from_pool)?;
        let transaction =
            client.build_transaction().read_only(true).isolation_level(IsolationLevel::RepeatableRead);
        let transaction = transaction.start().await.map_err(|error| from_postgres(&error))?;
        let outcome = unit(&mut Transaction::Postgres(Session::new(&transaction))).await;
        transaction.rollback().await.map_err(|error| from_postgres(&error))?;
        outcome
    }

    /// Writes a table anew, into another file: what a plain vacuum frees stays readable in the old one. `false`, and nothing
    /// is written, where somebody in this database still sees an older state after [`PATIENCE`]: rows that others see are
    /// written anew although they are removed. Sessions of other roles are seen only by a member of `pg_read_all_stats`.
    pub(crate) async fn rewrite(&self, table: &'static str) -> Result<bool> {
        let client = self.pool.get().await.map_err(from_pool)?;
        if !is_seen_by_nobody_else(&client).await.map_err(|error| from_postgres(&error))? {
            return Ok(false);
        }
        let rewritten = client.batch_execute(&format!("VACUUM (FULL) {table}")).await;
        rewritten.map(|()| true).map_err(|error| from_postgres(&error))
    }

    /// Whether the server's settings are still those without which it is not opened.
    pub(crate) async fn check(&self) -> Result<()> {
        refuse_unsafe_server(&self.pool).await
    }
}

/// Waits until nobody sees what was removed before it was called; `false` when somebody still does after [`PATIENCE`].
async fn is_seen_by_nobody_else(client: &Client) -> std::result::Result<bool, tokio_postgres::Error> {
    let next: String = client.query_one(NEXT_TRANSACTION, &[]).await?.get(0);
    let started = tokio::time::Instant::now();
    loop {
        let held_back: bool = client.query_one(IS_HELD_BACK, &[&next]).await?.get(0);
        if !held_back || started.elapsed() > PATIENCE {
            return Ok(!held_back);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
