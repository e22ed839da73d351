//! `yingda kb labels import|export`: questions with their right entry, kept and published with the knowledge in the store.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{
    context::{Context, LogPurpose},
    exit::Exit,
    kb_versions::{ExportArguments, content, existing, nothing_published},
    output::count,
};
use crate::{labels, published};

#[derive(Subcommand)]
pub(super) enum LabelsVerb {
    /// Put labelled questions into the store and publish them with the entries
    #[command(after_help = "Example: yingda kb labels import questions.jsonl")]
    Import(ImportArguments),
    /// Print the labels of a published version as a file that can be imported
    #[command(after_help = "Example: yingda kb labels export > questions.jsonl")]
    Export(ExportArguments),
}

#[derive(Args)]
pub(super) struct ImportArguments {
    /// A file of one JSON object a line (text, and expected: an entry's id or null): it replaces all labels
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(verb: &LabelsVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        LabelsVerb::Import(arguments) => import(arguments, context),
        LabelsVerb::Export(arguments) => export(arguments, context),
    }
}

fn import(arguments: &ImportArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let labels = labels::read(&arguments.file)?;
    let version = Context::runtime()?.block_on(async {
        let store = existing(&config).await?;
        let base = published::find(&store).await?.ok_or_else(nothing_published)?;
        published::import_labels(&store, &base, labels).await
    })?;
    let store::Version { version, entries, labels, .. } = version;
    let (entries_said, labels_said) =
        (count(entries as usize, "entry", "entries"), count(labels as usize, "label", "labels"));
    context.output.result(&json!({ "version": version, "entries": entries, "labels": labels }), || {
        format!("version {version} is published: {entries_said}, {labels_said}")
    })?;
    Ok(Exit::Done)
}

/// In either form one JSON label a line: a file of labels.
fn export(arguments: &ExportArguments, context: &Context) -> anyhow::Result<Exit> {
    for label in published::labels_of(content(arguments, context)?.labels)? {
        let value = serde_json::to_value(&label)?;
        context.output.result(&value, || value.to_string())?;
    }
    Ok(Exit::Done)
}
