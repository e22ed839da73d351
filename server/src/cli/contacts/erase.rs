//! `yingda contacts erase` and `erased`.

use clap::Args;
use serde_json::{Map, json};
use store::{ContactId, RowCount};

use super::contact_id;
use crate::{
    actor::Actor,
    cli::{
        exit::{Exit, UsageError},
        output::{Output, columns},
    },
    config::Config,
    privacy, storage,
};

#[derive(Args)]
#[command(after_help = "\
Example: yingda contacts erase 0193… --confirm 0193… --reason 'letter of 2026-11-30'

Backups that were made before still hold the person's key. See docs/privacy.md.")]
pub(in crate::cli) struct EraseArguments {
    /// The contact's id, as `yingda contacts find` prints it
    #[arg(value_name = "CONTACT_ID", value_parser = contact_id)]
    contact: ContactId,
    /// The same id once more: then the person is erased
    #[arg(long, value_name = "CONTACT_ID", value_parser = contact_id)]
    confirm: Option<ContactId>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

pub(super) async fn run(arguments: &EraseArguments, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let EraseArguments { contact, confirm, reason } = arguments;
    if confirm.is_some_and(|typed| typed != *contact) {
        return Err(UsageError(String::from("--confirm names another contact: nobody was erased")).into());
    }
    let store = storage::open(&config.store).await?;
    let has_begun = store.unfinished_erasures().await?.contains(contact);
    let tables = match store.held_about(*contact).await {
        Ok(held) => held.tables,
        Err(store::Error::NotFound { .. }) if has_begun => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    if confirm.is_some() {
        privacy::erase(&store, *contact, Actor::Operator.act(reason.clone())).await?;
    }
    let erased = confirm.is_some();
    let counts: Map<_, _> = tables.iter().map(|count| (count.table.to_owned(), count.rows.into())).collect();
    let value = json!({ "contact": contact.to_string(), "erased": erased, "rows": counts });
    output.result(&value, || {
        let said = match erased {
            true => format!("{contact} is erased"),
            false => format!("nothing is erased yet: repeat with --confirm {contact}"),
        };
        format!("{}\n{said}", table(&tables))
    })?;
    Ok(Exit::Done)
}

pub(super) async fn list(config: &Config, output: Output) -> anyhow::Result<Exit> {
    let erased = storage::open(&config.store).await?.erased_contacts().await?;
    let erased: Vec<String> = erased.iter().map(ToString::to_string).collect();
    if !erased.is_empty() || output.is_json() {
        output.result(&erased, || erased.join("\n"))?;
    }
    Ok(Exit::Done)
}

fn table(tables: &[RowCount]) -> String {
    let heading = ["table", "rows"].map(str::to_owned).to_vec();
    let rows = tables.iter().map(|count| vec![count.table.to_owned(), count.rows.to_string()]);
    columns(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}
