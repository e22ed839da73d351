//! `yingda contacts consent`: what a person agreed to is recorded and listed.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;
use store::{Consent, ConsentStatement, ContactId};
use uuid::Uuid;

use super::{contact_id, word};
use crate::{
    actor::Actor,
    cli::{
        exit::Exit,
        output::{Output, columns},
    },
    clock,
    config::Config,
    storage,
};

#[derive(Subcommand)]
pub(in crate::cli) enum ConsentVerb {
    /// The person agreed
    Grant(RecordArguments),
    /// The person withdrew what it agreed to
    Withdraw(RecordArguments),
    /// Everything the person agreed to and withdrew, oldest first
    List(ListArguments),
}

#[derive(Args)]
pub(in crate::cli) struct RecordArguments {
    /// The contact's id, as `yingda contacts find` prints it
    #[arg(value_name = "CONTACT_ID", value_parser = contact_id)]
    contact: ContactId,
    /// What the data may be used for: service, marketing, profiling, …
    #[arg(long, value_name = "WORD", value_parser = word)]
    purpose: String,
    /// Which text the person was shown
    #[arg(long, value_name = "VERSION", value_parser = word)]
    text_version: String,
    /// Through which channel the person said so
    #[arg(long, value_name = "NAME", value_parser = word)]
    channel: String,
}

#[derive(Args)]
pub(in crate::cli) struct ListArguments {
    /// The contact's id, as `yingda contacts find` prints it
    #[arg(value_name = "CONTACT_ID", value_parser = contact_id)]
    contact: ContactId,
}

#[derive(Serialize)]
struct Listed {
    at: String,
    purpose: String,
    text_version: String,
    granted: bool,
    channel: String,
    recorded_by: String,
    /// Whether nothing was said about the purpose later.
    holds: bool,
}

pub(super) async fn run(verb: &ConsentVerb, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let (arguments, granted) = match verb {
        ConsentVerb::Grant(arguments) => (arguments, true),
        ConsentVerb::Withdraw(arguments) => (arguments, false),
        ConsentVerb::List(arguments) => return list(arguments.contact, config, output).await,
    };
    let RecordArguments { contact, purpose, text_version, channel } = arguments;
    let statement = ConsentStatement {
        id: Uuid::now_v7().into(),
        contact: *contact,
        purpose: purpose.clone(),
        text_version: text_version.clone(),
        granted,
        channel: channel.clone(),
    };
    storage::open(&config.store).await?.record_consent(statement, Actor::Operator.act(None)).await?;
    let said = if granted { "granted" } else { "withdrawn" };
    output
        .result(&json!({ "contact": contact.to_string(), "purpose": purpose, "granted": granted }), || {
            format!("{purpose} is {said}")
        })?;
    Ok(Exit::Done)
}

async fn list(contact: ContactId, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let store = storage::open(&config.store).await?;
    store.contact(contact).await?;
    let consents = store.consents_of(contact).await?;
    let listed: Vec<Listed> = consents
        .iter()
        .enumerate()
        .map(|(number, consent)| listed(consent, &consents[number + 1..]))
        .collect();
    output.result(&listed, || table(&listed))?;
    Ok(Exit::Done)
}

fn listed(consent: &Consent, later: &[Consent]) -> Listed {
    let ConsentStatement { purpose, text_version, granted, channel, .. } = consent.statement.clone();
    Listed {
        at: clock::written(consent.at),
        holds: later.iter().all(|later| later.statement.purpose != purpose),
        purpose,
        text_version,
        granted,
        channel,
        recorded_by: consent.recorded_by.clone(),
    }
}

fn table(listed: &[Listed]) -> String {
    let heading = ["", "when", "purpose", "text", "said", "channel"].map(str::to_owned).to_vec();
    let rows = listed.iter().map(|row| {
        let mark = if row.holds { "*" } else { "" };
        let said = if row.granted { "granted" } else { "withdrawn" };
        [mark, &row.at, &row.purpose, &row.text_version, said, &row.channel].map(str::to_owned).to_vec()
    });
    columns(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}
