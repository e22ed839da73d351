//! `yingda backup` and `yingda backup verify`: everything in the store in one encrypted file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use sealing::backup::Recipients;
use serde::Serialize;
use store::Manifest;

use super::{
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
    output::columns,
};
use crate::{backup, clock, config::Config, storage};

#[derive(Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Example: yingda backup yingda-2026-11-30.age --recipient age1…

The service may run meanwhile. The master key is not in a backup: keep a copy of it elsewhere."
)]
pub(super) struct BackupArguments {
    #[command(subcommand)]
    verb: Option<BackupVerb>,
    /// A new file
    #[arg(value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// A public key that can read the backup, besides those in backup.recipients; may be given several times
    #[arg(long, value_name = "KEY")]
    recipient: Vec<String>,
}

#[derive(Subcommand)]
enum BackupVerb {
    /// Restore a backup into a temporary place and compare everything in it; exit code 3 when it is not whole
    Verify(VerifyArguments),
}

#[derive(Args)]
struct VerifyArguments {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A file with a private key of age that can read it
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
}

/// What is printed of a manifest.
#[derive(Serialize)]
pub(super) struct Described {
    file: String,
    /// RFC 3339.
    written_at: String,
    program: String,
    schema_version: i64,
    rows: u64,
    tables: Vec<store::TableSummary>,
    audit_sequence: i64,
    audit_hash: String,
    master_keys: Vec<String>,
}

pub(super) fn run(arguments: &BackupArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    match (&arguments.verb, &arguments.file) {
        (Some(BackupVerb::Verify(arguments)), _) => verify(arguments, context),
        (None, Some(file)) => write(file, &arguments.recipient, &config, context),
        (None, None) => Err(UsageError(String::from("a backup needs the name of a file")).into()),
    }
}

fn write(
    file: &std::path::Path,
    more: &[String],
    config: &Config,
    context: &Context,
) -> anyhow::Result<Exit> {
    let recipients = recipients(&config.backup.recipients, more)?;
    if !storage::exists(&config.store) {
        return Err(UsageError(String::from("there is no store to back up")).into());
    }
    let manifest = Context::runtime()?.block_on(async {
        let store = storage::open(&config.store).await?;
        backup::write(&store, &recipients, file).await
    })?;
    let described = Described::of(file, manifest);
    context.output.result(&described, || described.text("is written"))?;
    Ok(Exit::Done)
}

fn verify(arguments: &VerifyArguments, context: &Context) -> anyhow::Result<Exit> {
    let identities = backup::identities(&arguments.identity)?;
    let manifest = Context::runtime()?.block_on(backup::verify(&arguments.file, &identities))?;
    let described = Described::of(&arguments.file, manifest);
    context.output.result(&described, || described.text("is whole and can be restored"))?;
    Ok(Exit::Done)
}

fn recipients(configured: &[String], more: &[String]) -> anyhow::Result<Recipients> {
    let mut keys: Vec<&str> = configured.iter().map(String::as_str).collect();
    keys.extend(more.iter().map(String::as_str).filter(|key| !configured.iter().any(|known| known == key)));
    if keys.is_empty() {
        let advice = "nobody could read the backup: set backup.recipients, or give --recipient";
        return Err(UsageError(advice.to_owned()).into());
    }
    Ok(Recipients::read(&keys.join("\n"))?)
}

impl Described {
    pub(super) fn of(file: &std::path::Path, manifest: Manifest) -> Self {
        let rows = manifest.rows();
        let Manifest { header, tables, audit_sequence, audit_hash, master_keys } = manifest;
        Self {
            file: file.display().to_string(),
            written_at: clock::written(store::Timestamp(header.created_at)),
            program: header.program,
            schema_version: header.schema_version,
            rows,
            tables,
            audit_sequence,
            audit_hash,
            master_keys,
        }
    }

    pub(super) fn text(&self, what: &str) -> String {
        let held = self.tables.iter().filter(|table| table.rows > 0);
        let rows = held.map(|table| vec![table.name.clone(), table.rows.to_string()]);
        let rows: Vec<Vec<String>> =
            std::iter::once(["table", "rows"].map(str::to_owned).to_vec()).chain(rows).collect();
        let Self { file, written_at, audit_sequence, audit_hash, master_keys, .. } = self;
        let masters = if master_keys.is_empty() { String::from("none") } else { master_keys.join(", ") };
        format!(
            "{}\n{file} {what}: {} rows of {written_at}\naudit log up to entry {audit_sequence}, {audit_hash}\n\
             opens with the master key {masters}",
            columns(&rows),
            self.rows
        )
    }
}
