//! `yingda restore`: a store is made from a backup.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use store::{ContactId, Location, Manifest};
use uuid::Uuid;

use super::{
    backup::Described,
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
    output::{Output, count},
};
use crate::{
    backup::{self, BackupError, Restored},
    config::Config,
    storage,
};

#[derive(Args)]
#[command(after_help = "\
Example: yingda restore yingda-2026-11-30.age --identity backup.key --erased erased.txt

Makes the store that store.location names, which must not be there; of a server's database, it must be empty.
Afterwards nothing opens without the master key that was in use when the backup was written.")]
pub(super) struct RestoreArguments {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// A file with a private key of age that can read it
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
    /// A list of contacts' ids, one a line, as `yingda contacts erased` prints it: they are erased anew
    #[arg(long, value_name = "FILE")]
    erased: Option<PathBuf>,
}

pub(super) fn run(arguments: &RestoreArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let identities = backup::identities(&arguments.identity)?;
    let erased = arguments.erased.as_deref().map(listed).transpose()?.unwrap_or_default();
    let location = Location::parse(&config.store.location);
    if let Location::File(path) = &location {
        storage::make_folder_of(path)?;
    }
    let restored = Context::runtime()?
        .block_on(async { backup::restore(&arguments.file, &identities, &location, &erased).await })?;
    let Restored { manifest, erased_again, audit_broken_at } = restored;
    if let Some(first_bad) = audit_broken_at {
        context.output.complain(format!("warning: the audit log was broken at entry {first_bad} already"));
    }
    warn_of_other_master(&manifest, &config, context.output);
    let described = Described::of(&arguments.file, manifest);
    let value = json!({ "restored": described, "erased_again": erased_again });
    context.output.result(&value, || {
        let erased = if erased.is_empty() {
            String::new()
        } else {
            format!("\nerased anew: {}", count(erased_again, "person", "people"))
        };
        format!("{}{erased}", described.text("is restored"))
    })?;
    Ok(Exit::Done)
}

fn listed(path: &Path) -> anyhow::Result<Vec<ContactId>> {
    let unreadable = |source| BackupError::Unreadable { path: path.to_owned(), source };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let lines = (1..).zip(text.lines().map(str::trim)).filter(|(_, line)| !line.is_empty());
    let read = |(number, line): (usize, &str)| match Uuid::try_parse(line) {
        Ok(id) => Ok(ContactId::from(id)),
        Err(_) => {
            Err(UsageError(format!("{}, line {number}: not the id of a contact", path.display())).into())
        }
    };
    lines.map(read).collect()
}

/// What was restored is sound, but of no use without its key.
fn warn_of_other_master(manifest: &Manifest, config: &Config, output: Output) {
    let known = config.keys.master.load().map(|master| master.id().to_string());
    for missing in manifest.master_keys.iter().filter(|id| known.as_ref().ok() != Some(*id)) {
        output.complain(format!(
            "warning: keys.master is not the master key {missing}, which this store needs"
        ));
    }
}
