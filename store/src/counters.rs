//! Numbers that are given out one after another, within the transaction that uses them.

use crate::{
    Result,
    engine::{Transaction, values},
};

/// The next number, from 1. No other transaction sees it before this one has committed, so numbers become visible in
/// their order.
pub(crate) async fn next(transaction: &mut Transaction<'_>, name: &'static str) -> Result<i64> {
    let sql = "INSERT INTO counters (name, value) VALUES ($1, 1) \
               ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value";
    transaction.scalar("counters", sql, values![name]).await
}

/// The last number given out; 0 before the first.
pub(crate) async fn last(transaction: &mut Transaction<'_>, name: &'static str) -> Result<i64> {
    let row = transaction.row("SELECT value FROM counters WHERE name = $1", values![name]).await?;
    row.map_or(Ok(0), |row| row.only("counters"))
}
