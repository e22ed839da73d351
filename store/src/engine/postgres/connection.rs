//! How a server is reached, and when it is refused.

use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, PoolError, RecyclingMethod, Runtime};
use tokio_postgres::NoTls;

use super::{
    address::{self, Protection},
    encryption,
    failure::from_postgres,
};
use crate::{Error, Result};

/// Holds for every connection, whatever the server's own configuration says: a commit is durable when it returns, and a
/// process that stops in the middle of a transaction does not hold up the others for long.
const SETTINGS: &str = "-c synchronous_commit=on -c idle_in_transaction_session_timeout=15000 -c lock_timeout=10000 \
                        -c client_min_messages=warning";

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// PostgreSQL 15.
const OLDEST_SERVER: i64 = 150_000;

pub(super) fn pool(url: &str, size: usize) -> Result<Pool> {
    let (mut configuration, protection) = address::read(url)?;
    let options = configuration.get_options().map_or_else(String::new, |own| format!("{own} "));
    configuration.options(format!("{options}{SETTINGS}"));
    if configuration.get_connect_timeout().is_none() {
        configuration.connect_timeout(CONNECT_TIMEOUT);
    }
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = match protection {
        Protection::Plain => Manager::from_config(configuration, NoTls, recycling),
        Protection::Verified(certificates) => {
            Manager::from_config(configuration, encryption::verified(certificates.as_deref())?, recycling)
        }
    };
    let pool = Pool::builder(manager).max_size(size).runtime(Runtime::Tokio1);
    let pool = pool.wait_timeout(Some(CONNECT_TIMEOUT)).create_timeout(Some(CONNECT_TIMEOUT));
    pool.build().map_err(Error::defect)
}

pub(super) fn from_pool(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) => from_postgres(&error),
        PoolError::Timeout(_) | PoolError::Closed | PoolError::NoRuntimeSpecified => {
            Error::unavailable(error)
        }
        PoolError::PostCreateHook(error) => Error::unavailable(error),
    }
}

/// Refuses a server that would lose what it acknowledged.
pub(super) async fn refuse_unsafe_server(pool: &Pool) -> Result<()> {
    let client = pool.get().await.map_err(from_pool)?;
    let statement = "SELECT current_setting('server_version_num'), current_setting('fsync'), \
                     current_setting('full_page_writes')";
    let row = client.query_one(statement, &[]).await.map_err(|error| from_postgres(&error))?;
    let setting = |column: usize| row.try_get::<_, String>(column).map_err(|error| from_postgres(&error));
    refuse_unsafe(&setting(0)?, &setting(1)?, &setting(2)?)
}

fn refuse_unsafe(version: &str, fsync: &str, full_page_writes: &str) -> Result<()> {
    let refused = |reason: String| Err(Error::Refused { reason });
    if version.parse::<i64>().is_ok_and(|number| number < OLDEST_SERVER) {
        return refused(format!("PostgreSQL {version} is older than version 15"));
    }
    if fsync != "on" {
        return refused(format!(
            "the server runs with fsync={fsync}; a power cut would destroy the database"
        ));
    }
    if full_page_writes != "on" {
        return refused(format!("the server runs with full_page_writes={full_page_writes}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_or_unsafe_server_is_refused() {
        assert_eq!(refuse_unsafe("150004", "on", "on"), Ok(()));
        assert!(
            refuse_unsafe("140009", "on", "on").unwrap_err().to_string().contains("older than version 15")
        );
        assert!(refuse_unsafe("170000", "off", "on").unwrap_err().to_string().contains("fsync=off"));
        assert!(
            refuse_unsafe("170000", "on", "off").unwrap_err().to_string().contains("full_page_writes=off")
        );
    }
}
