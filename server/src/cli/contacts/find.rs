//! `yingda contacts find`.

use clap::{ArgGroup, Args};
use serde_json::json;
use store::ContactId;
use uuid::Uuid;

use super::{opened, typed};
use crate::{
    cli::{exit::Exit, output::Output},
    config::Config,
    profiles,
    security::{Identity, IndexedField, off_the_workers},
    storage,
};

#[derive(Args)]
#[command(group = ArgGroup::new("by").required(true).args(["identifier", "conversation", "phone", "email"]))]
pub(in crate::cli) struct FindArguments {
    /// By what the channel knows the person, as it was sent as contact_id; - reads it from stdin, which keeps it out of
    /// the history of the shell
    #[arg(value_name = "IDENTIFIER", requires = "channel")]
    identifier: Option<String>,
    /// The channel that knows it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["conversation", "phone", "email"])]
    channel: Option<String>,
    /// A conversation of the person
    #[arg(long, value_name = "ID")]
    conversation: Option<Uuid>,
    /// The telephone number of the profile, however it is written; - reads it from stdin
    #[arg(long, value_name = "NUMBER")]
    phone: Option<String>,
    /// The e-mail address of the profile; - reads it from stdin
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
}

pub(super) async fn run(arguments: &FindArguments, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let FindArguments { identifier, channel, conversation, phone, email } = arguments;
    let found = match (conversation, phone, email) {
        (Some(conversation), _, _) => {
            let store = storage::open(&config.store).await?;
            vec![store.conversation((*conversation).into()).await?.contact]
        }
        (None, Some(phone), _) => by_field(IndexedField::Phone, phone, config).await?,
        (None, None, Some(email)) => by_field(IndexedField::Email, email, config).await?,
        (None, None, None) => {
            let (channel, identifier) = (channel.as_deref(), identifier.as_deref());
            let identity = Identity {
                channel: channel.unwrap_or_default().to_owned(),
                external: typed(identifier.unwrap_or_default())?,
            };
            by_identity(identity, config).await?.into_iter().collect()
        }
    };
    if found.is_empty() {
        return Err(store::Error::NotFound { table: "contacts", id: String::from("such person") }.into());
    }
    for contact in found {
        output.result(&json!({ "contact": contact.to_string() }), || contact.to_string())?;
    }
    Ok(Exit::Done)
}

async fn by_field(field: IndexedField, argument: &str, config: &Config) -> anyhow::Result<Vec<ContactId>> {
    let value = typed(argument)?;
    profiles::find(&opened(config).await?, field, value).await
}

async fn by_identity(identity: Identity, config: &Config) -> anyhow::Result<Option<ContactId>> {
    let storage = opened(config).await?;
    let channel = identity.channel.clone();
    let indexes = off_the_workers(move || identity.indexes(&storage.vault)).await?;
    Ok(storage.store.contact_identified(&channel, indexes).await?)
}
