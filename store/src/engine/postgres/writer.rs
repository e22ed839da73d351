//! The writer task: everything that waits is committed at once, then everybody is answered.

use std::time::{Duration, Instant};

use deadpool_postgres::{Pool, Transaction as Open};
use tokio::sync::{mpsc, oneshot};

use super::{connection::from_pool, failure::from_postgres, session::Session};
use crate::{
    Error, Result,
    engine::{GROUP_SIZE, Transaction, WaitingUnit, unit::answer_all},
};

/// Held by whoever writes, in any process, until it has committed. The number is arbitrary and only ours.
const ONE_WRITER: &str = "SELECT pg_advisory_xact_lock(7235416120883511)";

/// How long others are kept from writing, more or less: a unit is several round trips, and a group of many on a slow
/// connection would take seconds.
const LONGEST: Duration = Duration::from_millis(200);

/// Starts the task; the receiver hears when it has ended.
pub(super) fn start(pool: Pool, mut waiting: mpsc::Receiver<Box<dyn WaitingUnit>>) -> oneshot::Receiver<()> {
    let (ending, ended) = oneshot::channel();
    tokio::spawn(async move {
        let mut group = Vec::new();
        while !group.is_empty() || waiting.recv_many(&mut group, GROUP_SIZE).await > 0 {
            let committed = write(&pool, &mut group).await;
            if let Err(error) = &committed {
                tracing::warn!(%error, units = group.len(), "a group of writes was not committed");
            }
            let concerned = committed.as_ref().map_or(group.len(), |performed| *performed);
            answer_all(group.drain(..concerned).collect(), &committed.map(drop));
        }
        pool.close();
        // Nobody may listen.
        let _ = ending.send(());
    });
    ended
}

/// As many units in one transaction as [`LONGEST`] allows; how many. An error means that none was acknowledged; a connection
/// that breaks during the commit leaves open whether they were stored.
async fn write(pool: &Pool, group: &mut [Box<dyn WaitingUnit>]) -> Result<usize> {
    let mut client = pool.get().await.map_err(from_pool)?;
    let mut transaction = client.transaction().await.map_err(|error| from_postgres(&error))?;
    transaction.batch_execute(ONE_WRITER).await.map_err(|error| from_postgres(&error))?;
    let (begun, mut performed) = (Instant::now(), 0);
    for unit in group {
        perform(&mut transaction, unit.as_mut()).await?;
        performed += 1;
        if begun.elapsed() >= LONGEST {
            break;
        }
    }
    transaction.commit().await.map_err(|error| from_postgres(&error))?;
    Ok(performed)
}

/// One unit within its savepoint. The unit keeps its own failure; an error here is one of the whole transaction.
async fn perform(transaction: &mut Open<'_>, unit: &mut dyn WaitingUnit) -> Result<()> {
    let savepoint = transaction.savepoint("unit").await.map_err(|error| from_postgres(&error))?;
    let outcome = unit.perform(&mut Transaction::Postgres(Session::new(&savepoint))).await;
    match outcome {
        Ok(()) => savepoint.commit().await.map_err(|error| from_postgres(&error)),
        Err(error @ (Error::DiskFull | Error::Unavailable { .. })) => Err(error),
        Err(_) => savepoint.rollback().await.map_err(|error| from_postgres(&error)),
    }
}
