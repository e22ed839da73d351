//! The fence: a sealed value or a blind index is stored only if its key is current in the same transaction.
//!
//! Every statement that changes rows goes through it, so no aggregate can forget it. On PostgreSQL the key's row is also
//! kept from changing until this transaction ends; SQLite lets nobody else write meanwhile.

use crate::{
    Error, KeyId, Result,
    engine::{Transaction, Value, values},
};

const CURRENT: &str = "SELECT 1 FROM keys WHERE id = $1 AND state = 'current'";
const CURRENT_AND_HELD: &str = "SELECT 1 FROM keys WHERE id = $1 AND state = 'current' FOR SHARE";

/// Refuses `values` unless the key of each sealed one is current.
pub(crate) async fn pass<'a>(
    transaction: &mut Transaction<'_>,
    values: impl Iterator<Item = &'a Value>,
) -> Result<()> {
    for key in keys(values)? {
        let sql = match transaction {
            Transaction::Sqlite(_) => CURRENT,
            Transaction::Postgres(_) => CURRENT_AND_HELD,
        };
        if transaction.row(sql, values![key]).await?.is_none() {
            return Err(Error::KeyNotCurrent { key });
        }
    }
    Ok(())
}

/// The keys that are named, each once.
fn keys<'a>(values: impl Iterator<Item = &'a Value>) -> Result<Vec<KeyId>> {
    let mut keys = Vec::new();
    for value in values {
        match value {
            Value::Fenced { key: None, .. } => return Err(Error::invalid("a sealed value names no key")),
            Value::Fenced { key: Some(key), .. } if !keys.contains(key) => keys.push(*key),
            Value::Fenced { .. }
            | Value::Null
            | Value::Integer(_)
            | Value::Real(_)
            | Value::Text(_)
            | Value::Bytes(_) => {}
        }
    }
    Ok(keys)
}
