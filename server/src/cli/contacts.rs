//! `yingda contacts`: what is held about a person is found, shown, erased; consents are recorded.

mod consent;
mod erase;
mod export;
mod find;
mod profile;

use std::io::Read as _;

use clap::Subcommand;
use sealing::Plain;
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
    /// The contact's id, by what a channel knows the person, by a conversation, a telephone number or an e-mail address
    Find(find::FindArguments),
    /// What is known of a person: name, telephone number, and so on
    #[command(subcommand)]
    Profile(profile::ProfileVerb),
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
            ContactsVerb::Profile(verb) => profile::run(verb, &config, context.output).await,
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

/// Words of the business, short and printable.
fn word(text: &str) -> Result<String, String> {
    let is_word = (1..=64).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if is_word {
        Ok(text.to_owned())
    } else {
        Err(String::from("1 to 64 characters, none of them a control character"))
    }
}

/// What is personal and typed as an argument, or, for `-`, read from stdin, which keeps it out of the history of the shell.
fn typed(argument: &str) -> anyhow::Result<Plain> {
    if argument != "-" {
        return Ok(Plain::from(argument));
    }
    let mut read = String::new();
    std::io::stdin().read_to_string(&mut read)?;
    match read.trim_end_matches(['\r', '\n']) {
        "" => Err(UsageError(String::from("there is nothing on stdin")).into()),
        text => Ok(Plain::from(text)),
    }
}

/// Store and keys, without which nothing personal can be read.
async fn opened(config: &Config) -> anyhow::Result<Storage> {
    let store = storage::open(&config.store).await?;
    let none = || UsageError(String::from("the store has no keys, and nobody in it"));
    let vault = storage::open_vault(config, &store).await?.ok_or_else(none)?;
    Ok(Storage { store, vault })
}
