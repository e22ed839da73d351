//! Where an installation keeps its rows.

use std::{path::PathBuf, sync::LazyLock};

use store::Location;

use crate::postgres_server::Server;

static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::start);

/// A database as the configuration names it, and as a test looks into it.
#[derive(Clone)]
pub(crate) enum Engine {
    /// A file in the installation's folder.
    Sqlite,
    /// A database of its own on the test's server.
    Postgres { url: String, address: String },
}

impl Engine {
    /// A new database; `None` where no PostgreSQL is installed.
    pub(crate) async fn postgres() -> Option<Self> {
        let server = tokio::task::spawn_blocking(|| SERVER.as_ref()).await.unwrap()?;
        let Location::Server(address) = server.new_database().await else {
            panic!("a server has an address");
        };
        let (_, name) = address.rsplit_once("dbname=").unwrap();
        Some(Self::Postgres { url: server.url(name), address })
    }

    /// One of the same kind in which nothing is yet.
    pub(crate) async fn another(&self) -> Self {
        match self {
            Self::Sqlite => Self::Sqlite,
            Self::Postgres { .. } => Self::postgres().await.unwrap(),
        }
    }

    /// `store.location`.
    pub(crate) fn location(&self) -> String {
        match self {
            Self::Sqlite => String::from("data/yingda.db"),
            Self::Postgres { url, .. } => url.clone(),
        }
    }

    /// The server's own files; a file has none.
    pub(crate) fn server_files(&self) -> Option<PathBuf> {
        match self {
            Self::Sqlite => None,
            Self::Postgres { .. } => SERVER.as_ref().map(Server::data),
        }
    }
}
