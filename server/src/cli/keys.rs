//! `yingda keys`: the keys that seal what is kept are made, looked at and replaced.

use clap::{Args, Subcommand, ValueEnum};
use sealing::{KeyCheck, KeyCount, Vault};
use serde::Serialize;
use serde_json::json;

use super::{
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
    output::{Output, columns},
};
use crate::{
    config::Config,
    security::{self, Rotated},
    storage::{self, Storage},
};

#[derive(Subcommand)]
pub(super) enum KeysVerb {
    /// Make the store, the file of the master key and the first keys, where they are missing
    Init,
    /// Look at every key; exit code 1 when one does not open
    Status,
    /// Replace keys while the service runs; may be interrupted and repeated
    #[command(after_help = ROTATE_HELP)]
    Rotate(RotateArguments),
}

const ROTATE_HELP: &str = "\
A new master key:
  1. make it (for a file: `openssl rand -base64 32`, mode 0400), set keys.master to it and keys.previous to the old one
  2. restart every process that uses the store, then run `yingda keys rotate master`
  3. empty keys.previous and restart; keep the old key as long as backups need it";

/// What is said first where a run goes on with another one's work.
const RESUMED: &str = "an earlier run was stopped: this one went on from there and finished it";

#[derive(Args)]
pub(super) struct RotateArguments {
    /// Which keys
    #[arg(value_enum)]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Wrap every key with the master key in keys.master instead of keys.previous
    Master,
    /// A new key for blind indexes; all indexes are made anew
    Index,
    /// New keys for the business and for every person; everything is sealed anew
    Data,
}

#[derive(Serialize)]
struct Counted {
    kind: &'static str,
    current: u64,
    retiring: u64,
    destroyed: u64,
}

#[derive(Serialize)]
struct Status {
    keys: [Counted; 3],
    under_other_masters: u64,
    damaged: Vec<String>,
}

pub(super) fn run(verb: &KeysVerb, context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let runtime = Context::runtime()?;
    match verb {
        KeysVerb::Init => runtime.block_on(init(&config, context.output)),
        KeysVerb::Status => runtime.block_on(status(&config, context.output)),
        KeysVerb::Rotate(arguments) => runtime.block_on(rotate(arguments.kind, &config, context.output)),
    }
}

async fn init(config: &Config, output: Output) -> anyhow::Result<Exit> {
    let store = storage::open(&config.store).await?;
    let before = storage::has_keys(&store).await?;
    let made_file = storage::make_master_key(config, &store).await?;
    let (vault, _) = security::initialise(security::masters(&config.keys).await?, &store).await?;
    let status = described(&look_at(vault).await?);
    let master = config.keys.master.to_string();
    let value =
        json!({ "master_key": master, "made_master_key": made_file, "made_keys": !before, "status": status });
    output.result(&value, || {
        let made = match (made_file, before) {
            (true, _) => format!("made the master key in {master}; keep a copy of it elsewhere"),
            (false, false) => format!("made the first keys, wrapped by the master key in {master}"),
            (false, true) => String::from("the keys are there already"),
        };
        format!("{made}\n{}", text(&status))
    })?;
    Ok(Exit::Done)
}

async fn status(config: &Config, output: Output) -> anyhow::Result<Exit> {
    let Storage { vault, .. } = opened(config).await?;
    let status = described(&look_at(vault).await?);
    output.result(&status, || text(&status))?;
    Ok(if status.damaged.is_empty() { Exit::Done } else { Exit::ProblemsFound })
}

async fn rotate(kind: Kind, config: &Config, output: Output) -> anyhow::Result<Exit> {
    let Storage { store, vault } = opened(config).await?;
    let Rotated { keys, moved, unreadable, resumed } = match kind {
        Kind::Master => security::rotate_master_key(vault).await?,
        Kind::Index => security::rotate_index_key(vault, &store).await?,
        Kind::Data => security::rotate_data_keys(vault, &store).await?,
    };
    let value = json!({ "keys": keys, "moved": moved, "unreadable": unreadable, "resumed": resumed });
    output.result(&value, || {
        let begun_before = (resumed == Some(true)).then(|| RESUMED.to_owned());
        let mut lines: Vec<String> = begun_before.into_iter().collect();
        lines.push(match kind {
            Kind::Master => format!("{moved} keys are wrapped anew"),
            Kind::Index => format!("{moved} indexes are made anew; the old key is gone unless one was left"),
            Kind::Data => format!("{keys} keys are new, {moved} values are sealed anew"),
        });
        lines.extend(unreadable.iter().map(|place| format!("not readable, left as it was: {place}")));
        lines.join("\n")
    })?;
    Ok(if unreadable.is_empty() { Exit::Done } else { Exit::ProblemsFound })
}

/// Store and keys, which these verbs do not make.
async fn opened(config: &Config) -> anyhow::Result<Storage> {
    const NONE: &str = "there are no keys yet: `yingda keys init` makes them";
    if !storage::exists(&config.store) {
        return Err(UsageError(NONE.to_owned()).into());
    }
    let store = storage::open(&config.store).await?;
    let vault = storage::open_vault(config, &store).await?.ok_or_else(|| UsageError(NONE.to_owned()))?;
    Ok(Storage { store, vault })
}

async fn look_at(vault: Vault) -> sealing::Result<KeyCheck> {
    security::off_the_workers(move || vault.check_keys()).await
}

fn described(check: &KeyCheck) -> Status {
    let counted = |kind, KeyCount { current, retiring, destroyed }: KeyCount| Counted {
        kind,
        current,
        retiring,
        destroyed,
    };
    Status {
        keys: [
            counted("contact", check.contact),
            counted("system", check.system),
            counted("index", check.index),
        ],
        under_other_masters: check.under_other_masters,
        damaged: check.damaged.iter().map(ToString::to_string).collect(),
    }
}

fn text(status: &Status) -> String {
    let heading = ["keys", "current", "retiring", "destroyed"].map(str::to_owned).to_vec();
    let rows = status.keys.iter().map(|row| {
        let numbers = [row.current, row.retiring, row.destroyed].map(|number| number.to_string());
        std::iter::once(row.kind.to_owned()).chain(numbers).collect()
    });
    let mut lines = vec![columns(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())];
    if status.under_other_masters > 0 {
        let others = status.under_other_masters;
        lines.push(format!(
            "{others} are wrapped by keys.previous: `yingda keys rotate master` wraps them anew"
        ));
    }
    lines.extend(
        status.damaged.iter().map(|key| format!("key {key} does not open: restore it from a backup")),
    );
    lines.join("\n")
}
