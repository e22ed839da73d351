//! `yingda contacts find`.

use std::io::Read as _;

use clap::{ArgGroup, Args};
use sealing::Plain;
use serde_json::json;
use store::ContactId;
use uuid::Uuid;

use super::opened;
use crate::{
    cli::{
        exit::{Exit, UsageError},
        output::Output,
    },
    config::Config,
    security::{Identity, off_the_workers},
    storage,
};

#[derive(Args)]
#[command(group = ArgGroup::new("by").required(true).args(["identifier", "conversation"]))]
pub(in crate::cli) struct FindArguments {
    /// By what the channel knows the person, as it was sent as contact_id; - reads it from stdin, which keeps it out of
    /// the history of the shell
    #[arg(value_name = "IDENTIFIER", requires = "channel")]
    identifier: Option<String>,
    /// The channel that knows it
    #[arg(long, value_name = "NAME", conflicts_with = "conversation")]
    channel: Option<String>,
    /// A conversation of the person
    #[arg(long, value_name = "ID")]
    conversation: Option<Uuid>,
}

pub(super) async fn run(arguments: &FindArguments, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let found = match (&arguments.conversation, &arguments.identifier) {
        (Some(conversation), _) => {
            let store = storage::open(&config.store).await?;
            Some(store.conversation((*conversation).into()).await?.contact)
        }
        (None, identifier) => {
            let channel = arguments.channel.clone().unwrap_or_default();
            by_identifier(channel, typed(identifier.as_deref().unwrap_or_default())?, config).await?
        }
    };
    let Some(contact) = found else {
        return Err(store::Error::NotFound { table: "contacts", id: String::from("such person") }.into());
    };
    output.result(&json!({ "contact": contact.to_string() }), || contact.to_string())?;
    Ok(Exit::Done)
}

async fn by_identifier(
    channel: String,
    external: Plain,
    config: &Config,
) -> anyhow::Result<Option<ContactId>> {
    let storage = opened(config).await?;
    let identity = Identity { channel: channel.clone(), external };
    let indexes = off_the_workers(move || identity.indexes(&storage.vault)).await?;
    Ok(storage.store.contact_identified(&channel, indexes).await?)
}

fn typed(identifier: &str) -> anyhow::Result<Plain> {
    if identifier != "-" {
        return Ok(Plain::from(identifier));
    }
    let mut read = String::new();
    std::io::stdin().read_to_string(&mut read)?;
    match read.trim_end_matches(['\r', '\n']) {
        "" => Err(UsageError(String::from("there is no identifier on stdin")).into()),
        text => Ok(Plain::from(text)),
    }
}
