//! From knowledge to a running [`App`], and from there to an open port: what `ask`, `demo` and `serve` share.

use std::{net::SocketAddr, sync::Arc};

use store::Store;
use tokio::net::TcpListener;

use super::{
    exit::{Exit, UsageError},
    knowledge,
    output::Output,
};
use crate::{App, Knowledge, config::Config, demo::DemoShop, http, labels, storage::Storage};

/// The address cannot be bound, or the service ended with an error.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve on {address}")]
pub(super) struct CannotServe {
    address: SocketAddr,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// A built-in shop.
///
/// # Errors
/// None in a released program.
pub(super) fn of_shop(shop: DemoShop) -> anyhow::Result<Knowledge> {
    let demo = Some(shop.info());
    Ok(Knowledge { labels: shop.labels()?, demo, ..shop.entries()?.into() })
}

/// The configured knowledge and labels; `None` when none is configured.
///
/// # Errors
/// [`KnowledgeFileError`](knowledge::KnowledgeFileError), and what is wrong with the file of labels.
pub(super) fn configured(config: &Config) -> anyhow::Result<Option<Knowledge>> {
    let Some(path) = &config.knowledge.path else { return Ok(None) };
    let entries = knowledge::read(path)?;
    let labels =
        config.knowledge.labels.as_deref().map(|path| labels::read_for(path, &entries)).transpose()?;
    Ok(Some(Knowledge { entries, labels: labels.unwrap_or_default(), ..Knowledge::default() }))
}

/// The same, or else what the store has published, with what it is called; `None` where there is neither.
///
/// # Errors
/// As in [`configured`], and [`store::Error`] in the chain; [`UsageError`] for configured labels without a configured file.
pub(super) async fn configured_or_published(
    config: &Config,
    store: Option<&Arc<Store>>,
) -> anyhow::Result<Option<(String, Knowledge)>> {
    if let Some(path) = &config.knowledge.path {
        let name = path.display().to_string();
        return Ok(
            configured(config)?.map(|knowledge| (name, Knowledge { store: store.cloned(), ..knowledge }))
        );
    }
    let Some(store) = store else { return Ok(None) };
    let Some(knowledge) = Knowledge::published(store).await? else { return Ok(None) };
    if config.knowledge.labels.is_some() {
        return Err(UsageError(LABELS_WITHOUT_FILE.to_owned()).into());
    }
    let name = format!("version {}", knowledge.version.unwrap_or_default());
    Ok(Some((name, knowledge)))
}

const LABELS_WITHOUT_FILE: &str = "knowledge.labels belongs to knowledge.path; `yingda kb labels import FILE` puts labels \
                                   beside the knowledge in the store";

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
    let app = App::start(config, knowledge, on_progress).await;
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
    storage: Option<Storage>,
    output: Output,
    announce: impl FnOnce(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Exit> {
    let address = config.server.address;
    let listener = TcpListener::bind(address).await.map_err(|error| cannot_serve(address, error))?;
    let bound = listener.local_addr().map_err(|error| cannot_serve(address, error))?;
    let app = start(config, knowledge, output).await?;
    let app = match storage {
        Some(storage) => app.recording(storage),
        None => app,
    };
    // From the announcement on the process may be told to end.
    let signals = http::EndSignals::listen().map_err(|error| cannot_serve(address, error))?;
    announce(&url(bound))?;
    http::run(Arc::new(app), listener, signals).await;
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
