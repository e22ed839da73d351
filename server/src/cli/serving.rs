//! From knowledge to a running [`App`], and from there to an open port: what `ask`, `demo` and `serve` share.

use std::{net::SocketAddr, path::Path, sync::Arc};

use answer::FaqEntry;
use tokio::net::TcpListener;

use super::{exit::Exit, knowledge, output::Output};
use crate::{App, DemoInfo, config::Config, demo::DemoShop, http};

/// The address cannot be bound, or the service ended with an error.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve on {address}")]
pub(super) struct CannotServe {
    address: SocketAddr,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// What is answered from, and what the page shows besides.
pub(super) struct Knowledge {
    entries: Vec<FaqEntry>,
    demo: Option<DemoInfo>,
}

impl Knowledge {
    /// # Errors
    /// None in a released program.
    pub(super) fn of_shop(shop: DemoShop) -> anyhow::Result<Self> {
        Ok(Self { entries: shop.entries()?, demo: Some(shop.info()) })
    }

    /// # Errors
    /// [`KnowledgeFileError`](knowledge::KnowledgeFileError).
    pub(super) fn of_file(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { entries: knowledge::read(path)?, demo: None })
    }
}

/// Loads the model and builds the snapshot, with a progress bar.
///
/// # Errors
/// As in [`App::start`].
pub(super) async fn start(config: &Config, knowledge: Knowledge, output: Output) -> anyhow::Result<App> {
    let bar = output.progress("embedding");
    let on_progress = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let app = App::start(config, knowledge.entries, knowledge.demo, on_progress).await;
    bar.finish_and_clear();
    app
}

/// Serves until the process is told to stop. The port is bound first, so that a taken one is known before a large
/// model is loaded; `announce` receives the URL, once questions can be asked.
///
/// # Errors
/// [`CannotServe`], or as in [`App::start`].
pub(super) async fn serve(
    config: &Config,
    knowledge: Knowledge,
    output: Output,
    announce: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let address = config.server.address;
    let listener = TcpListener::bind(address).await.map_err(|error| cannot_serve(address, error))?;
    let bound = listener.local_addr().map_err(|error| cannot_serve(address, error))?;
    let app = start(config, knowledge, output).await?;
    announce(&url(bound))?;
    http::run(Arc::new(app), listener).await.map_err(|error| cannot_serve(address, error))?;
    Ok(Exit::Done)
}

fn cannot_serve(
    address: SocketAddr,
    error: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> CannotServe {
    CannotServe { address, source: error.into() }
}

/// What to type into a browser on this machine: 0.0.0.0 means every address and is none to go to.
fn url(bound: SocketAddr) -> String {
    match bound.ip().is_unspecified() {
        true => format!("http://localhost:{}/", bound.port()),
        false => format!("http://{bound}/"),
    }
}
