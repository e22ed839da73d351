//! `yingda kb import|export|versions|publish`: the knowledge base that is kept in the store.

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use serde::Serialize;
use serde_json::json;
use store::{Store, VersionContent};

use super::{
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
    knowledge,
    output::{columns, count},
};
use crate::{clock, config::Config, published, storage};

#[derive(Args)]
pub(super) struct ImportArguments {
    /// A file of one JSON entry a line: it replaces everything that was imported before
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

#[derive(Args)]
pub(super) struct ExportArguments {
    /// Which version; without it the one that is served
    #[arg(long = "version", value_name = "NUMBER")]
    pub(super) number: Option<i64>,
}

#[derive(Args)]
pub(super) struct PublishArguments {
    /// Its number, as `yingda kb versions` shows it
    #[arg(value_name = "NUMBER")]
    number: i64,
}

#[derive(Serialize)]
struct Listed {
    version: i64,
    entries: i64,
    labels: i64,
    /// RFC 3339.
    at: String,
    served: bool,
}

pub(super) fn import(arguments: &ImportArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let entries = knowledge::read(&arguments.file)?;
    let (version, unused) = Context::runtime()?.block_on(async {
        let store = storage::open(&config.store).await?;
        published::import(&store, &entries).await
    })?;
    let number = version.version;
    context.output.result(&json!({ "version": number, "entries": entries.len() }), || {
        format!("version {number} is published: {}", count(entries.len(), "entry", "entries"))
    })?;
    if unused > 0 {
        let labels = count(unused, "label", "labels");
        context
            .output
            .note(format!("left out of the calibration, their entry is gone or disabled: {labels}"));
    }
    if let Some(path) = &config.knowledge.path {
        context.output.note(format!("knowledge.path is set: `serve` keeps to {}", path.display()));
    }
    Ok(Exit::Done)
}

/// In either form one JSON entry a line: a knowledge file.
pub(super) fn export(arguments: &ExportArguments, context: &Context) -> anyhow::Result<Exit> {
    for entry in content(arguments, context)?.entries {
        let value: serde_json::Value = serde_json::from_str(&entry)?;
        context.output.result(&value, || entry)?;
    }
    Ok(Exit::Done)
}

/// What was published, for a verb that prints it.
pub(super) fn content(arguments: &ExportArguments, context: &Context) -> anyhow::Result<VersionContent> {
    let config = context.start(LogPurpose::Command, &[])?;
    let content = Context::runtime()?.block_on(async {
        let store = existing(&config).await?;
        Ok::<_, anyhow::Error>(published::content(&store, arguments.number).await?)
    })?;
    let (_, content) = content.ok_or_else(nothing_published)?;
    Ok(content)
}

pub(super) fn list(context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let versions = Context::runtime()?.block_on(async {
        let store = existing(&config).await?;
        Ok::<_, anyhow::Error>(published::versions(&store).await?)
    })?;
    let listed = versions.into_iter().map(|(version, served)| {
        let store::Version { version, entries, labels, at, .. } = version;
        Listed { version, entries, labels, at: clock::written(at), served }
    });
    let listed: Vec<Listed> = listed.collect();
    context.output.result(&listed, || table(&listed))?;
    Ok(Exit::Done)
}

fn table(listed: &[Listed]) -> String {
    let heading = ["", "version", "entries", "labels", "published"].map(str::to_owned).to_vec();
    let rows = listed.iter().map(|row| {
        let mark = if row.served { "*" } else { "" };
        let Listed { version, entries, labels, at, .. } = row;
        vec![mark.to_owned(), version.to_string(), entries.to_string(), labels.to_string(), at.clone()]
    });
    columns(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}

pub(super) fn publish(arguments: &PublishArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let version = Context::runtime()?.block_on(async {
        let store = existing(&config).await?;
        Ok::<_, anyhow::Error>(published::publish_again(&store, arguments.number).await?)
    })?;
    let store::Version { version, entries, .. } = version;
    context.output.result(&json!({ "version": version, "entries": entries }), || {
        format!("version {version} is published again")
    })?;
    Ok(Exit::Done)
}

/// The store, which these verbs do not make.
pub(super) async fn existing(config: &Config) -> anyhow::Result<Arc<Store>> {
    if !storage::exists(&config.store) {
        return Err(nothing_published().into());
    }
    storage::open(&config.store).await
}

pub(super) fn nothing_published() -> UsageError {
    UsageError("nothing was published yet: `yingda kb import FILE` does".to_owned())
}
