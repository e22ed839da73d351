//! Whether an opened database is sound: what the engine says of itself, the schema, and the chain of the audit log.

use futures::FutureExt;

use crate::{
    AuditState, Error, Result, Store,
    engine::{Transaction, Value},
    migrations,
};

/// One row for each thing of a PostgreSQL database that is not as it must be: its name.
const DAMAGED: &str = "
    SELECT 'the index ' || indexrelid::regclass::text || ' is not valid' FROM pg_index
        WHERE NOT (indisvalid AND indisready) AND indrelid IN (SELECT oid FROM pg_class WHERE relnamespace = current_schema()::regnamespace)
    UNION ALL
    SELECT 'the constraint ' || conname || ' of ' || conrelid::regclass::text || ' is not valid' FROM pg_constraint
        WHERE NOT convalidated AND connamespace = current_schema()::regnamespace
    UNION ALL
    SELECT checksum_failures || ' pages had a wrong checksum when they were read' FROM pg_stat_database
        WHERE datname = current_database() AND checksum_failures > 0";

/// Whether the extension is there and may be used.
const HAS_AMCHECK: &str = "
    SELECT COUNT(*) FROM pg_extension, pg_proc
    WHERE extname = 'amcheck' AND proname = 'bt_index_check' AND pronamespace = extnamespace AND pronargs = 2
        AND has_function_privilege(pg_proc.oid, 'EXECUTE')";

/// Every index against its table, with every row of the table looked up in it. Fails at the first that is damaged.
const CHECK_INDEXES: &str = "
    SELECT bt_index_check(pg_index.indexrelid::regclass, true)::text FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid JOIN pg_am ON pg_am.oid = relam AND amname = 'btree'
    WHERE relnamespace = current_schema()::regnamespace AND indisvalid";

/// Every table's pages, one row for each damage.
const CHECK_TABLES: &str = "
    SELECT pg_class.relname || ': ' || msg FROM pg_class, verify_heapam(pg_class.oid::regclass)
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'";

impl Store {
    /// Checks an SQLite file's structure and references, and carries its write-ahead log over. Of a PostgreSQL server it
    /// checks the settings without which it is not opened, and that indexes and constraints are valid and no page was
    /// found damaged; with the extension `amcheck`, also every index and every page. On both, that the schema is the one
    /// that the migrations make and that the audit log is whole. Reads everything.
    ///
    /// # Errors
    /// [`Error::Schema`] with what is damaged, [`Error::Corrupt`] naming the first entry of the audit log that is not as
    /// it was written, [`Error::Refused`] when the server is no longer safe; when the engine fails.
    pub async fn check(&self) -> Result<()> {
        self.check_structure().await?;
        match self.verify_audit(None).await? {
            AuditState::Whole(_) => Ok(()),
            AuditState::Broken { first_bad } => Err(Error::Corrupt {
                table: "audit_entries",
                id: first_bad.to_string(),
                reason: String::from("the chain is broken here"),
            }),
        }
    }

    /// The same without the audit log, which [`verify_audit`](Self::verify_audit) follows.
    ///
    /// # Errors
    /// [`Error::Schema`] with what is damaged, [`Error::Refused`] when the server is no longer safe; when the engine fails.
    pub async fn check_structure(&self) -> Result<()> {
        self.engine().check().await?;
        self.read(|transaction| check(transaction).boxed()).await
    }
}

async fn check(transaction: &mut Transaction<'_>) -> Result<()> {
    migrations::verify(transaction).await?;
    if matches!(transaction, Transaction::Sqlite(_)) {
        return Ok(());
    }
    refuse_found(transaction, DAMAGED).await?;
    let amcheck: i64 = transaction.scalar("pg_extension", HAS_AMCHECK, &[]).await?;
    if amcheck > 0 {
        transaction.rows(CHECK_INDEXES, &[]).await?;
        refuse_found(transaction, CHECK_TABLES).await?;
    }
    Ok(())
}

async fn refuse_found(transaction: &mut Transaction<'_>, sql: &'static str) -> Result<()> {
    let found = transaction.rows(sql, &[]).await?;
    let named = found.into_iter().flat_map(|row| row.0).filter_map(|value| match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Integer(_) | Value::Real(_) | Value::Bytes(_) | Value::Fenced { .. } => None,
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() { Ok(()) } else { Err(Error::Schema { reason: named.join("; ") }) }
}
