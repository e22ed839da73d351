//! A fresh database for a test, on either engine.

use std::sync::LazyLock;

use store::Location;
use tempfile::TempDir;

use crate::postgres_server::Server;

static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::start);

pub(crate) struct Database {
    pub(crate) location: Location,
    /// Holds the file, if it is one.
    _folder: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { location: Location::File(folder.path().join("yingda.db")), _folder: Some(folder) }
    }

    /// `None` where no PostgreSQL is installed.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = tokio::task::spawn_blocking(|| SERVER.as_ref()).await.unwrap()?;
        Some(Self { location: server.new_database().await, _folder: None })
    }
}

/// Each scenario becomes two tests, `scenario::sqlite` and `scenario::postgres`.
macro_rules! on_both_engines {
    ($(async fn $name:ident($database:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            async fn scenario($database: $crate::database::Database) $body

            #[tokio::test]
            async fn sqlite() {
                scenario($crate::database::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn postgres() {
                if let Some(database) = $crate::database::Database::postgres().await {
                    scenario(database).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both_engines;
