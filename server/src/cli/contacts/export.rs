//! `yingda contacts export`.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use serde_json::json;
use store::ContactId;

use super::{contact_id, opened};
use crate::{
    backup::BackupError,
    cli::{exit::Exit, output::Output},
    config::Config,
    privacy,
};

#[derive(Args)]
pub(in crate::cli) struct ExportArguments {
    /// The contact's id, as `yingda contacts find` prints it
    #[arg(value_name = "CONTACT_ID", value_parser = contact_id)]
    contact: ContactId,
    /// For programs, or for the person
    #[arg(long, value_name = "FORM", value_enum, default_value_t)]
    form: Form,
    /// A new file, which only its owner may read; without it stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Why, for the audit log
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One JSON object
    #[default]
    Json,
    /// One page that needs nothing else
    Html,
}

pub(super) async fn run(
    arguments: &ExportArguments,
    config: &Config,
    output: Output,
) -> anyhow::Result<Exit> {
    let ExportArguments { contact, form, out, reason } = arguments;
    let storage = opened(config).await?;
    let document = privacy::export(&storage, *contact, reason.clone()).await?;
    let text = match form {
        Form::Json => serde_json::to_string_pretty(&document)?,
        Form::Html => privacy::page(&document),
    };
    match out {
        Some(path) => {
            write_private(path, &text)?;
            let shown = path.display().to_string();
            output
                .result(&json!({ "file": shown, "bytes": text.len() }), || format!("written to {shown}"))?;
        }
        None => match form {
            // One line in JSON form, as every result.
            Form::Json => output.result(&document, || text)?,
            Form::Html => output.result(&json!({ "html": text }), || text.clone())?,
        },
    }
    Ok(Exit::Done)
}

fn write_private(path: &Path, text: &str) -> Result<(), BackupError> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| BackupError::of_new(path, error))
}
