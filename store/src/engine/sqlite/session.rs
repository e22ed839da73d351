//! Statements on one SQLite connection.

use rusqlite::{
    CachedStatement, Connection, ToSql,
    types::{ToSqlOutput, ValueRef},
};

use super::failure::from_sqlite;
use crate::{
    Error, Result,
    engine::{Row, Value},
};

/// A connection within a transaction.
pub(crate) struct Session<'a> {
    connection: &'a mut Connection,
}

impl<'a> Session<'a> {
    pub(super) fn new(connection: &'a mut Connection) -> Self {
        Self { connection }
    }

    pub(crate) fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let changed = self.bound(sql, values)?.raw_execute().map_err(|error| from_sqlite(&error))?;
        Ok(changed as u64)
    }

    pub(crate) fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let mut statement = self.bound(sql, values)?;
        let columns = statement.column_count();
        let mut found = Vec::new();
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(|error| from_sqlite(&error))? {
            let read = |column| row.get_ref(column).map_err(|error| from_sqlite(&error)).and_then(value);
            found.push(Row((0..columns).map(read).collect::<Result<_>>()?));
        }
        Ok(found)
    }

    pub(crate) fn script(&mut self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(|error| from_sqlite(&error))
    }

    fn bound(&mut self, sql: &str, values: &[Value]) -> Result<CachedStatement<'_>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(|error| from_sqlite(&error))?;
        if statement.parameter_count() != values.len() {
            return Err(Error::defect(format!("{} values for: {sql}", values.len())));
        }
        for (position, value) in values.iter().enumerate() {
            let name = format!("${}", position + 1);
            statement.raw_bind_parameter(name.as_str(), value).map_err(|error| from_sqlite(&error))?;
        }
        Ok(statement)
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) | Self::Fenced { bytes, .. } => ValueRef::Blob(bytes),
        }))
    }
}

/// Text that is not UTF-8 comes back as bytes: a damaged row, which its reader then names.
fn value(value: ValueRef<'_>) -> Result<Value> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Real(number),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Bytes(bytes.to_vec()),
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    })
}
