//! `yingda model list` and `yingda model verify`: which models are installed, and whether their files are intact.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, builder::NonEmptyStringValueParser};
use inference::{Manifest, ModelFiles};
use serde::Serialize;

use super::{
    context::{Context, LogPurpose, option},
    exit::Exit,
    output::{Style, columns},
};
use crate::{config::Config, models};

#[derive(Subcommand)]
pub(super) enum ModelVerb {
    /// List the installed models; * marks the configured one
    #[command(after_help = "Example: yingda model list")]
    List,
    /// Compare every file of a model with the size and sha256 in its manifest; exit code 1 when one differs
    #[command(after_help = "Example: yingda model verify yingda-static")]
    Verify(VerifyArguments),
}

#[derive(Args)]
pub(super) struct VerifyArguments {
    /// A model's name or path; without it the configured model
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    name: Option<String>,
}

pub(super) fn run(verb: &ModelVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        ModelVerb::List => list(context),
        ModelVerb::Verify(arguments) => verify(arguments, context),
    }
}

/// `None` where the folder has no sound manifest to say it.
#[derive(Serialize)]
struct Listed {
    name: String,
    configured: bool,
    dimension: Option<usize>,
    licence: Option<String>,
    bytes: Option<u64>,
    fingerprint: Option<String>,
    path: PathBuf,
    /// What is wrong with the manifest.
    problem: Option<String>,
}

/// In JSON form one array.
fn list(context: &Context) -> anyhow::Result<Exit> {
    let config = context.start(LogPurpose::Command, &[])?;
    let configured = models::locate(&config.model).ok();
    let mut folders = models::installed(&config.model.folder);
    // A configured path may lie outside the searched folders.
    folders.extend(configured.clone().filter(|folder| !folders.contains(folder)));
    let listed: Vec<Listed> =
        folders.into_iter().map(|folder| describe(configured.as_deref() == Some(&folder), folder)).collect();
    context.output.result(&listed, || table(&listed, context, &config))?;
    Ok(Exit::Done)
}

fn describe(configured: bool, path: PathBuf) -> Listed {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match Manifest::read(&path) {
        Ok(manifest) => Listed {
            name,
            configured,
            dimension: Some(manifest.dimension),
            licence: Some(manifest.licence),
            bytes: Some(manifest.files.iter().map(|file| file.bytes).sum()),
            fingerprint: Some(manifest.fingerprint),
            path,
            problem: None,
        },
        Err(error) => Listed {
            name,
            configured,
            dimension: None,
            licence: None,
            bytes: None,
            fingerprint: None,
            path,
            problem: Some(error.to_string()),
        },
    }
}

fn table(listed: &[Listed], context: &Context, config: &Config) -> String {
    if listed.is_empty() {
        return format!("no model is installed in {}", config.model.folder.display());
    }
    let headings = ["", "name", "dimension", "licence", "size", "fingerprint", "path"];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    rows.extend(listed.iter().map(row));
    let problems = listed.iter().filter_map(|model| model.problem.as_ref());
    let problems = problems.map(|problem| format!("\n{}", context.output.paint(Style::Doubtful, problem)));
    columns(&rows) + &problems.collect::<String>()
}

fn row(model: &Listed) -> Vec<String> {
    let unknown = || "-".to_owned();
    let short = |fingerprint: &String| fingerprint.chars().take(12).collect();
    vec![
        if model.configured { "*" } else { " " }.to_owned(),
        model.name.clone(),
        model.dimension.map_or_else(unknown, |dimension| dimension.to_string()),
        model.licence.clone().unwrap_or_else(unknown),
        model.bytes.map_or_else(unknown, megabytes),
        model.fingerprint.as_ref().map_or_else(unknown, short),
        model.path.display().to_string(),
    ]
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[derive(Serialize)]
struct Verified {
    path: PathBuf,
    intact: bool,
    files: usize,
    /// Names the first file that is missing or altered.
    problem: Option<String>,
}

fn verify(arguments: &VerifyArguments, context: &Context) -> anyhow::Result<Exit> {
    let name = option("NAME", "model.name", arguments.name.as_ref());
    let config = context.start(LogPurpose::Command, name.as_slice())?;
    let folder = models::locate(&config.model)?;
    let verified = match verified_files(&folder) {
        Ok(files) => Verified { path: folder, intact: true, files, problem: None },
        Err(error) => Verified { path: folder, intact: false, files: 0, problem: Some(error.to_string()) },
    };
    context.output.result(&verified, || verdict(&verified, context))?;
    Ok(if verified.intact { Exit::Done } else { Exit::ProblemsFound })
}

/// The number of files that are as the manifest says: all, or the error names one.
pub(super) fn verified_files(folder: &Path) -> inference::Result<usize> {
    let files = ModelFiles::open(folder)?;
    files.verify()?;
    Ok(files.manifest().files.len())
}

fn verdict(verified: &Verified, context: &Context) -> String {
    match &verified.problem {
        None => format!(
            "{} {}: all {} files are as the manifest says",
            context.output.paint(Style::Good, "✓"),
            verified.path.display(),
            verified.files
        ),
        Some(problem) => format!("{} {problem}", context.output.paint(Style::Bad, "✗")),
    }
}
