//! What a unit of work sees of the engine.

use super::{FromValue, Row, Value, postgres, sqlite};
use crate::{Error, Result, fence};

/// An open transaction. On SQLite no call ever waits, so a unit runs to its end at once.
pub(crate) enum Transaction<'a> {
    Sqlite(sqlite::Session<'a>),
    Postgres(postgres::Session<'a>),
}

impl Transaction<'_> {
    /// Performs a statement that returns no rows; the number of rows it changed. Sealed values among `values` pass the
    /// fence: their keys are current when this transaction commits, or it fails.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64> {
        refuse_unstorable(values)?;
        fence::pass(self, values.iter()).await?;
        match self {
            Self::Sqlite(session) => session.execute(sql, values),
            Self::Postgres(session) => session.execute(sql, values).await,
        }
    }

    /// Performs a statement once for each set of values, with the same fence.
    pub(crate) async fn execute_each(&mut self, sql: &'static str, sets: &[Vec<Value>]) -> Result<()> {
        sets.iter().try_for_each(|values| refuse_unstorable(values))?;
        fence::pass(self, sets.iter().flatten()).await?;
        match self {
            Self::Sqlite(session) => {
                sets.iter().try_for_each(|values| session.execute(sql, values).map(drop))
            }
            Self::Postgres(session) => session.execute_each(sql, sets).await,
        }
    }

    /// All rows.
    pub(crate) async fn rows(&mut self, sql: &'static str, values: &[Value]) -> Result<Vec<Row>> {
        refuse_unstorable(values)?;
        match self {
            Self::Sqlite(session) => session.rows(sql, values),
            Self::Postgres(session) => session.rows(sql, values).await,
        }
    }

    /// The first row, if there is one.
    pub(crate) async fn row(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>> {
        Ok(self.rows(sql, values).await?.into_iter().next())
    }

    /// The first row's first column; an error where no row can be missing.
    pub(crate) async fn scalar<T: FromValue>(
        &mut self,
        table: &'static str,
        sql: &'static str,
        values: &[Value],
    ) -> Result<T> {
        let row = self.row(sql, values).await?;
        row.ok_or_else(|| Error::defect(format!("a statement on {table} returned no row")))?.only(table)
    }

    /// All rows of a statement that was put together from the names of tables and columns.
    pub(crate) async fn listed(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite(session) => session.rows(sql, values),
            Self::Postgres(session) => session.rows(sql, values).await,
        }
    }

    /// Stores rows of an archive as they were: without the fence, since their keys may be retiring.
    pub(crate) async fn load(&mut self, sql: &str, sets: &[Vec<Value>]) -> Result<()> {
        sets.iter().try_for_each(|values| refuse_unstorable(values))?;
        match self {
            Self::Sqlite(session) => {
                sets.iter().try_for_each(|values| session.execute(sql, values).map(drop))
            }
            Self::Postgres(session) => session.execute_each(sql, sets).await,
        }
    }

    /// Performs several statements without values: a migration.
    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Sqlite(session) => session.script(sql),
            Self::Postgres(session) => session.script(sql).await,
        }
    }
}

/// PostgreSQL keeps no NUL in text, and not-a-number is NULL to SQLite: neither is stored by either.
fn refuse_unstorable(values: &[Value]) -> Result<()> {
    for value in values {
        match value {
            Value::Text(text) if text.contains('\0') => {
                return Err(Error::invalid("text must not hold a NUL character"));
            }
            Value::Real(number) if !number.is_finite() => {
                return Err(Error::invalid("a number must be finite"));
            }
            Value::Null | Value::Integer(_) | Value::Real(_) | Value::Text(_) | Value::Bytes(_) => {}
            Value::Fenced { .. } => {}
        }
    }
    Ok(())
}
