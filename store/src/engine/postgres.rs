//! The engine for more than one machine: a PostgreSQL server, version 15 or later.

mod address;
mod connection;
mod encryption;
mod failure;
mod readers;
mod session;
mod writer;

use tokio::sync::{mpsc, oneshot};

use super::WaitingUnit;
use crate::Result;
pub(super) use readers::Readers;
pub(crate) use session::Session;

/// Connects to the server at `url` and starts the writer, which ends when `waiting` is closed and then tells the receiver
/// that is returned.
pub(super) async fn open(
    url: &str,
    waiting: mpsc::Receiver<Box<dyn WaitingUnit>>,
) -> Result<(Readers, oneshot::Receiver<()>)> {
    let writers = connection::pool(url, 1)?;
    connection::refuse_unsafe_server(&writers).await?;
    let readers = Readers::new(connection::pool(url, super::READERS)?);
    Ok((readers, writer::start(writers, waiting)))
}
