//! The schema, step by step. Each step is one transaction, so a crash leaves a database before or after it, and the next
//! opening goes on from there.

use futures::FutureExt;
use sha2::{Digest, Sha256};

use crate::{
    Error, Result,
    engine::{Engine, Transaction, values},
};

struct Migration {
    version: i64,
    sql: &'static str,
}

/// Numbered from 1. A step that has been released is never edited; the database keeps its checksum.
const MIGRATIONS: &[Migration] = &[
    Migration { version: 1, sql: include_str!("migrations/0001_conversations.sql") },
    Migration { version: 2, sql: include_str!("migrations/0002_knowledge.sql") },
    Migration { version: 3, sql: include_str!("migrations/0003_operations.sql") },
    Migration { version: 4, sql: include_str!("migrations/0004_keys.sql") },
    Migration { version: 5, sql: include_str!("migrations/0005_label_sources.sql") },
    Migration { version: 6, sql: include_str!("migrations/0006_consents.sql") },
];

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_versions (
    version INTEGER NOT NULL PRIMARY KEY,
    checksum BLOB NOT NULL
) STRICT;";

/// The version of the schema that this program makes.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Applies what is missing.
pub(crate) async fn apply(engine: &Engine) -> Result<()> {
    apply_until(engine, newest()).await
}

/// Applies what is missing up to a version.
pub(crate) async fn apply_until(engine: &Engine, version: i64) -> Result<()> {
    // Urgent: what needs no change is opened on a full disk too.
    engine.write_urgently(|transaction| create_history(transaction).boxed()).await?;
    for migration in MIGRATIONS.iter().filter(|migration| migration.version <= version) {
        engine.write_urgently(|transaction| step(transaction, migration).boxed()).await?;
    }
    Ok(())
}

/// Whether the schema is still the one that the steps make.
///
/// # Errors
/// [`Error::Schema`] when it is not.
pub(crate) async fn verify(transaction: &mut Transaction<'_>) -> Result<()> {
    for migration in MIGRATIONS {
        if !is_applied(transaction, migration).await? {
            let reason = format!("migration {} is not applied", migration.version);
            return Err(Error::Schema { reason });
        }
    }
    Ok(())
}

async fn is_applied(transaction: &mut Transaction<'_>, migration: &Migration) -> Result<bool> {
    let sql = "SELECT checksum FROM schema_versions WHERE version = $1";
    let Some(row) = transaction.row(sql, values![migration.version]).await? else { return Ok(false) };
    let applied: Vec<u8> = row.only("schema_versions")?;
    let reason = format!("migration {} is not the one that was applied", migration.version);
    if applied == migration.checksum() { Ok(true) } else { Err(Error::Schema { reason }) }
}

impl Migration {
    fn checksum(&self) -> Vec<u8> {
        Sha256::digest(self.sql).to_vec()
    }
}

async fn create_history(transaction: &mut Transaction<'_>) -> Result<()> {
    transaction.script(&in_dialect(HISTORY, transaction)).await?;
    let sql = "SELECT COALESCE(MAX(version), 0) FROM schema_versions";
    let found: i64 = transaction.scalar("schema_versions", sql, &[]).await?;
    let known = newest();
    if found > known { Err(Error::NewerSchema { found, known }) } else { Ok(()) }
}

async fn step(transaction: &mut Transaction<'_>, migration: &Migration) -> Result<()> {
    if is_applied(transaction, migration).await? {
        return Ok(());
    }
    transaction.script(&in_dialect(migration.sql, transaction)).await?;
    let sql = "INSERT INTO schema_versions (version, checksum) VALUES ($1, $2)";
    transaction.execute(sql, values![migration.version, migration.checksum()]).await?;
    Ok(())
}

/// The steps are written with SQLite's names of the types; PostgreSQL has others, and sorts text by its bytes only when
/// told so.
fn in_dialect(sql: &str, transaction: &Transaction<'_>) -> String {
    match transaction {
        Transaction::Sqlite(_) => sql.to_owned(),
        Transaction::Postgres(_) => [
            (" INTEGER", " BIGINT"),
            (" REAL", " DOUBLE PRECISION"),
            (" BLOB", " BYTEA"),
            (" TEXT", " TEXT COLLATE \"C\""),
            (") STRICT;", ");"),
        ]
        .into_iter()
        .fold(sql.to_owned(), |text, (ours, theirs)| text.replace(ours, theirs)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_numbered_without_gaps() {
        let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=MIGRATIONS.len() as i64).collect::<Vec<_>>());
    }
}
