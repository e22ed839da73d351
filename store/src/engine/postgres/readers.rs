//! Read connections: each read sees one committed state.

use deadpool_postgres::Pool;
use futures::future::BoxFuture;
use tokio_postgres::IsolationLevel;

use super::{
    connection::{from_pool, refuse_unsafe_server},
    failure::from_postgres,
    session::Session,
};
use crate::{Result, engine::Transaction};

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

    /// Writes a table anew, into another file: what a plain vacuum frees stays readable in the old one.
    pub(crate) async fn rewrite(&self, table: &'static str) -> Result<()> {
        let client = self.pool.get().await.map_err(from_pool)?;
        let rewritten = client.batch_execute(&format!("VACUUM (FULL) {table}")).await;
        rewritten.map_err(|error| from_postgres(&error))
    }

    /// Whether the server's settings are still those without which it is not opened.
    pub(crate) async fn check(&self) -> Result<()> {
        refuse_unsafe_server(&self.pool).await
    }
}
