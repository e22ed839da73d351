//! `yingda contacts profile`: what is known of a person is written.

use clap::{Args, Subcommand};
use sealing::Plain;
use serde_json::json;
use store::ContactId;

use super::{contact_id, opened, typed, word};
use crate::{
    cli::{
        exit::{Exit, UsageError},
        output::Output,
    },
    config::Config,
    profiles,
    security::IndexedField,
};

#[derive(Subcommand)]
pub(in crate::cli) enum ProfileVerb {
    /// Write a field, in place of what it held
    Set(SetArguments),
    /// Forget a field
    Remove(RemoveArguments),
}

#[derive(Args)]
pub(in crate::cli) struct SetArguments {
    #[command(flatten)]
    field: FieldArguments,
    /// What it holds; - reads it from stdin, which keeps it out of the history of the shell
    #[arg(value_name = "VALUE")]
    value: String,
}

#[derive(Args)]
pub(in crate::cli) struct RemoveArguments {
    #[command(flatten)]
    field: FieldArguments,
}

#[derive(Args)]
struct FieldArguments {
    /// The contact's id, as `yingda contacts find` prints it
    #[arg(value_name = "CONTACT_ID", value_parser = contact_id)]
    contact: ContactId,
    /// name, phone, email, address, or any other word for an attribute of your own
    #[arg(value_name = "FIELD", value_parser = word)]
    name: String,
}

pub(super) async fn run(verb: &ProfileVerb, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let (FieldArguments { contact, name }, value) = match verb {
        ProfileVerb::Set(SetArguments { field, value }) => {
            (field, Some(findable(&field.name, typed(value)?)?))
        }
        ProfileVerb::Remove(RemoveArguments { field }) => (field, None),
    };
    let is_set = value.is_some();
    let changed = profiles::change(&opened(config).await?, *contact, name, value).await?;
    let value = json!({ "contact": contact.to_string(), "field": name, "set": is_set, "changed": changed });
    output.result(&value, || match (changed, is_set) {
        (false, _) => format!("{name} is so already"),
        (true, true) => format!("{name} is written"),
        (true, false) => format!("{name} is forgotten"),
    })?;
    Ok(Exit::Done)
}

/// A person must be found by what is written into a field that is for finding.
fn findable(name: &str, value: Plain) -> Result<Plain, UsageError> {
    match IndexedField::of_profile(name) {
        Some(field) if field.normalised(&value).is_none() => {
            Err(UsageError(format!("nobody could be found by this {name}")))
        }
        Some(_) | None => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_that_is_for_finding_holds_what_can_be_found() {
        assert!(findable("phone", Plain::from("138")).is_ok());
        assert!(findable("phone", Plain::from("none")).is_err());
        assert!(findable("name", Plain::from("none")).is_ok());
    }
}
