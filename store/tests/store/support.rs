//! A fresh database for each test, on either engine.

mod dump;
mod looking;
pub(crate) mod postgres_server;
pub(crate) mod stand_in;

use std::sync::LazyLock;

use store::{KeyPurpose, Location, Store};
use tempfile::TempDir;

use crate::records::{KEY, key};
use postgres_server::Server;

/// An opened database of one test.
pub(crate) struct Database {
    pub(crate) store: Store,
    pub(crate) location: Location,
    /// Holds the file, if it is one.
    _folder: Option<TempDir>,
}

static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::start);

impl Database {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::File(folder.path().join("store.db"));
        Self { store: opened_first(&location).await, location, _folder: Some(folder) }
    }

    /// `None` where no PostgreSQL is installed.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = tokio::task::spawn_blocking(|| SERVER.as_ref()).await.unwrap()?;
        let location = server.new_database().await;
        Some(Self { store: opened_first(&location).await, location, _folder: None })
    }

    /// A database on the server in which nothing is yet; `None` where no PostgreSQL is installed.
    pub(crate) async fn empty_on_server() -> Option<Location> {
        let server = tokio::task::spawn_blocking(|| SERVER.as_ref()).await.unwrap()?;
        Some(server.new_database().await)
    }

    /// Another handle on the same database, as another process would have it.
    pub(crate) async fn opened_again(&self) -> Store {
        Store::open(&self.location).await.unwrap()
    }

    /// Performs statements behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        match &self.location {
            Location::File(path) => rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap(),
            Location::Server(address) => {
                postgres_server::connect(address).await.batch_execute(sql).await.unwrap();
            }
        }
    }
}

/// With the key of which everything that a test seals speaks.
async fn opened_first(location: &Location) -> Store {
    let store = Store::open(location).await.unwrap();
    assert!(store.add_key(key(KEY, KeyPurpose::System), None).await.unwrap());
    store
}

/// Each scenario becomes two tests, `scenario::sqlite` and `scenario::postgres`.
macro_rules! on_both_engines {
    ($(async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "not every scenario uses everything")]
            use super::*;

            async fn scenario($database: $crate::support::Database) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                scenario($crate::support::Database::sqlite().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                if let Some(database) = $crate::support::Database::postgres().await {
                    scenario(database).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both_engines;
