//! `yingda serve`: a knowledge base over HTTP.

use std::sync::Arc;

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::json;
use store::Store;

use super::{
    context::{Context, LogPurpose, option},
    exit::{Exit, UsageError},
    output::Output,
    serving,
};
use crate::{
    config::{Config, Override},
    privacy,
    storage::{self, Storage},
};

#[derive(Args)]
#[command(after_help = "\
Example: yingda serve --knowledge knowledge.jsonl --address 0.0.0.0:8080

SIGINT and SIGTERM stop it: requests under way are finished first.")]
pub(super) struct ServeArguments {
    /// Knowledge file; without it the configured one
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    knowledge: Option<String>,
    /// Address and port; without it the configured one
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    address: Option<String>,
}

const NO_KNOWLEDGE: &str = "there is no knowledge to serve: give --knowledge FILE, set knowledge.path in the \
                            configuration, put a file into the store with `yingda kb import FILE`, or look at the \
                            demo shop with `yingda demo`";

const NO_KEYS: &str = "nothing is recorded: the store has no keys yet; `yingda keys init` makes them";

pub(super) fn run(arguments: &ServeArguments, context: &Context) -> anyhow::Result<Exit> {
    let overrides: Vec<Override> = [
        option("--knowledge", "knowledge.path", arguments.knowledge.as_ref()),
        option("--address", "server.address", arguments.address.as_ref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let config = context.start(LogPurpose::Service, &overrides)?;
    Context::runtime()?.block_on(serve(&config, context.output))
}

async fn serve(config: &Config, output: Output) -> anyhow::Result<Exit> {
    let store = storage::open_if_exists(&config.store).await?;
    let found = serving::configured_or_published(config, store.as_ref()).await?;
    let (name, knowledge) = found.ok_or_else(|| UsageError(NO_KNOWLEDGE.to_owned()))?;
    let storage = match &store {
        Some(store) => with_vault(config, Arc::clone(store), output).await?,
        None => None,
    };
    let announce = |url: &str| {
        // Master key, port and model are the right ones: until now nothing was forgotten.
        if let Some(store) = store {
            privacy::keep_up(store, config.retention.clone());
        }
        output.result(&json!({ "url": url }), || format!("serving {name} on {url}"))
    };
    serving::serve(config, knowledge, storage, output, announce).await
}

/// Without keys nothing personal can be kept, so nothing is recorded.
async fn with_vault(config: &Config, store: Arc<Store>, output: Output) -> anyhow::Result<Option<Storage>> {
    let vault = storage::open_vault(config, &store).await?;
    if vault.is_none() {
        output.note(NO_KEYS);
    }
    Ok(vault.map(|vault| Storage { store, vault }))
}
