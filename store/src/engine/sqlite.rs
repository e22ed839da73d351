//! The embedded engine: one file, one writer thread, a few read connections.

mod connection;
mod failure;
mod readers;
mod reserve;
mod session;
mod writer;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::WaitingUnit;
use crate::{Error, Result};
pub(super) use readers::Readers;
use reserve::Reserve;
pub(crate) use session::Session;

/// Opens or creates the file at `path` and starts the writer, which ends when `waiting` is closed and then tells the
/// receiver that is returned.
pub(super) async fn open(
    path: PathBuf,
    waiting: mpsc::Receiver<Box<dyn WaitingUnit>>,
) -> Result<(Readers, oneshot::Receiver<()>)> {
    connection::refuse_old_library(rusqlite::version_number())?;
    let readers = Readers::new(path.clone());
    let opened = tokio::task::spawn_blocking(move || open_first(&path).map(|first| (path, first)));
    let (path, first) = opened.await.map_err(Error::unavailable)??;
    let ended = writer::start(path, first, waiting)?;
    Ok((readers, ended))
}

/// What lies beside the file, and is needed for reading it, may have no room on a full disk but the reserve's.
fn open_first(path: &Path) -> Result<Connection> {
    connection::open_writer(path).or_else(|error| {
        if error != Error::DiskFull {
            return Err(error);
        }
        Reserve::beside(path).release()?;
        connection::open_writer(path)
    })
}
