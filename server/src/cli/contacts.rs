//! `yingda contacts`: what is held about a person is found, shown, erased; consents are recorded.

mod consent;
mod erase;
mod export;
mod find;

use clap::Subcommand;
use store::ContactId;
use uuid::Uuid;

use super::{
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
};
use crate::{
    config::Config,
    storage::{self, Storage},
};

#[derive(Subcommand)]
pub(super) enum ContactsVerb {
    /// The contact's id, by what a channel knows the person or by a conversation
    Find(find::FindArguments),
    /// Everything that is held about a person, in clear
    Export(export::ExportArguments),
    /// Erase a person: without --confirm only the rows are counted
    Erase(erase::EraseArguments),
    /// The ids of everybody who was erased, one a line: for `yingda restore --erased`
    Erased,
    /// What a person agreed to
    #[command(subcommand)]
    Consent(consent::ConsentVerb),
}

pub(super) fn run(verb: &ContactsVerb, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    if !storage::exists(&config.store) {
        return Err(UsageError(String::from("there is no store, and nobody in it")).into());
    }
    Context::runtime()?.block_on(async {
        match verb {
            ContactsVerb::Find(arguments) => find::run(arguments, &config, context.output).await,
            ContactsVerb::Export(arguments) => export::run(arguments, &config, context.output).await,
            ContactsVerb::Erase(arguments) => erase::run(arguments, &config, context.output).await,
            ContactsVerb::Erased => erase::list(&config, context.output).await,
            ContactsVerb::Consent(verb) => consent::run(verb, &config, context.output).await,
        }
    })
}

/// A contact's id as it is typed.
fn contact_id(text: &str) -> Result<ContactId, String> {
    Uuid::try_parse(text).map(ContactId::from).map_err(|_| String::from("a contact's id is a UUID"))
}

/// Store and keys, without which nothing personal can be read.
async fn opened(config: &Config) -> anyhow::Result<Storage> {
    let store = storage::open(&config.store).await?;
    let none = || UsageError(String::from("the store has no keys, and nobody in it"));
    let vault = storage::open_vault(config, &store).await?.ok_or_else(none)?;
    Ok(Storage { store, vault })
}
