//! Statements within one PostgreSQL transaction.

use bytes::BytesMut;
use deadpool_postgres::Transaction;
use futures::{TryStreamExt, future::try_join_all};
use tokio_postgres::{
    Statement,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

use super::failure::from_postgres;
use crate::{
    Error, Result,
    engine::{Row, Value},
};

/// Statements sent before the first answer is read.
const PIPELINED: usize = 256;

/// An open transaction or savepoint.
pub(crate) struct Session<'a> {
    transaction: &'a Transaction<'a>,
}

impl<'a> Session<'a> {
    pub(super) fn new(transaction: &'a Transaction<'a>) -> Self {
        Self { transaction }
    }

    pub(crate) async fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64> {
        let statement = self.prepared(sql).await?;
        self.transaction.execute_raw(&statement, values).await.map_err(|error| from_postgres(&error))
    }

    pub(crate) async fn execute_each(&mut self, sql: &str, sets: &[Vec<Value>]) -> Result<()> {
        let statement = self.prepared(sql).await?;
        for sets in sets.chunks(PIPELINED) {
            let sent = sets.iter().map(|values| self.transaction.execute_raw(&statement, values));
            try_join_all(sent).await.map_err(|error| from_postgres(&error))?;
        }
        Ok(())
    }

    pub(crate) async fn rows(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>> {
        let statement = self.prepared(sql).await?;
        let rows =
            self.transaction.query_raw(&statement, values).await.map_err(|error| from_postgres(&error))?;
        let rows: Vec<tokio_postgres::Row> =
            rows.try_collect().await.map_err(|error| from_postgres(&error))?;
        rows.iter().map(read).collect()
    }

    pub(crate) async fn script(&mut self, sql: &str) -> Result<()> {
        self.transaction.batch_execute(sql).await.map_err(|error| from_postgres(&error))
    }

    async fn prepared(&self, sql: &str) -> Result<Statement> {
        self.transaction.prepare_cached(sql).await.map_err(|error| from_postgres(&error))
    }
}

fn read(row: &tokio_postgres::Row) -> Result<Row> {
    let columns = (0..row.len()).map(|column| row.try_get(column));
    columns.collect::<std::result::Result<_, _>>().map(Row).map_err(Error::defect)
}

type Failure = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, Failure> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *kind == Type::INT4 => i32::try_from(*number)?.to_sql(kind, out),
            Self::Integer(number) => number.to_sql_checked(kind, out),
            Self::Real(number) => number.to_sql_checked(kind, out),
            Self::Text(text) => text.to_sql_checked(kind, out),
            Self::Bytes(bytes) | Self::Fenced { bytes, .. } => bytes.to_sql_checked(kind, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> std::result::Result<Self, Failure> {
        Ok(match *kind {
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::FLOAT8 => Self::Real(f64::from_sql(kind, raw)?),
            Type::BYTEA => Self::Bytes(Vec::from_sql(kind, raw)?),
            _ => Self::Text(String::from_sql(kind, raw)?),
        })
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Failure> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT4, Type::INT8, Type::FLOAT8, Type::BYTEA, Type::TEXT, Type::VARCHAR].contains(kind)
    }
}
