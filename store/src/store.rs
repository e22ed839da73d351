//! The handle that everybody holds.

use std::path::{Path, PathBuf};

use futures::future::BoxFuture;

use crate::{
    Result,
    engine::{Engine, Transaction},
    migrations,
};

/// Where the rows are.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file, created when it is missing. Its folder must exist.
    File(PathBuf),
    /// A PostgreSQL address: `postgres://user:password@host/database`, or key=value pairs. With `sslmode=verify-full` the
    /// connection is encrypted, and the server's certificate must be signed by one in the PEM file that `sslrootcert`
    /// names, else by one of the system's. An address of another machine that says nothing about `sslmode` is refused.
    Server(String),
}

impl Location {
    /// An address of a server if it looks like one, else a file. A path that begins as a key=value pair does is written
    /// with `./` before it.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        let is_server = is_url || begins_with_pair(text);
        if is_server { Self::Server(text.to_owned()) } else { Self::File(PathBuf::from(text)) }
    }
}

/// Whether a word of ASCII letters and underscores comes first, and then the sign.
fn begins_with_pair(text: &str) -> bool {
    let word = text.split_once('=').map_or("", |(word, _)| word.trim());
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
}

/// Prints no address, which can hold a password.
impl std::fmt::Debug for Location {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "File({})", path.display()),
            Self::Server(_) => formatter.write_str("Server(…)"),
        }
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// An opened database. A write returns once it is durable; a read sees one committed state.
///
/// Every write can be repeated after an error with the same identifiers and keys: what was stored is stored once.
#[derive(Debug)]
pub struct Store {
    engine: Engine,
}

impl Store {
    /// Opens the database, creates or migrates its schema. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Refused`](crate::Error::Refused) when the engine is too old or would lose what it acknowledges,
    /// [`Error::NewerSchema`](crate::Error::NewerSchema) and [`Error::Schema`](crate::Error::Schema) when the schema is not
    /// this program's, [`Error::Unavailable`](crate::Error::Unavailable) when the engine cannot be reached.
    pub async fn open(location: &Location) -> Result<Self> {
        let engine = Engine::open(location).await?;
        migrations::apply(&engine).await?;
        Ok(Self { engine })
    }

    pub(crate) fn of(engine: Engine) -> Self {
        Self { engine }
    }

    /// Stores what is still waiting and closes the database.
    pub async fn close(self) {
        self.engine.close().await;
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Carries SQLite's write-ahead log over and empties it, so that nothing that was overwritten stays readable there.
    /// `false` where others read for too long: it is emptied later. PostgreSQL keeps its log by its own rules.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn empty_log(&self) -> Result<bool> {
        self.engine.empty_log().await
    }

    pub(crate) async fn overwrite_removed(&self, table: &'static str) -> Result<()> {
        self.engine.overwrite_removed(table).await
    }

    pub(crate) async fn write<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.engine.write(unit).await
    }

    /// For what must still be possible on a full disk: erasure, and the record of who did what.
    pub(crate) async fn write_urgently<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + Clone + 'static,
    ) -> Result<T> {
        self.engine.write_urgently(unit).await
    }

    pub(crate) async fn read<T: Send + 'static>(
        &self,
        unit: impl for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    ) -> Result<T> {
        self.engine.read(unit).await
    }
}
