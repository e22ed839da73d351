//! `yingda kb`: what an editor should mend before a knowledge file is served; and what is kept in the store, see
//! `kb_versions.rs` and `kb_labels.rs`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    context::Context,
    exit::Exit,
    kb_labels, kb_versions,
    knowledge::{Examined, LineFinding, examine},
    output::{Output, Style, count},
};

#[derive(Subcommand)]
pub(super) enum KbVerb {
    /// Check knowledge files line by line; exit code 1 when one cannot be served
    #[command(after_help = "Example: yingda kb validate knowledge.jsonl")]
    Validate(ValidateArguments),
    /// Put a knowledge file into the store and publish it: a running `serve` serves it within seconds
    #[command(after_help = "Example: yingda kb import knowledge.jsonl")]
    Import(kb_versions::ImportArguments),
    /// Print a published version as a knowledge file
    #[command(after_help = "Example: yingda kb export > knowledge.jsonl")]
    Export(kb_versions::ExportArguments),
    /// List the published versions
    Versions,
    /// Serve an earlier version again
    #[command(after_help = "Example: yingda kb publish 3")]
    Publish(kb_versions::PublishArguments),
    /// Questions with their right entry, from which the calibration learns besides
    #[command(subcommand)]
    Labels(kb_labels::LabelsVerb),
}

pub(super) fn run(verb: &KbVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        KbVerb::Validate(arguments) => validate(arguments, context),
        KbVerb::Import(arguments) => kb_versions::import(arguments, context),
        KbVerb::Export(arguments) => kb_versions::export(arguments, context),
        KbVerb::Versions => kb_versions::list(context),
        KbVerb::Publish(arguments) => kb_versions::publish(arguments, context),
        KbVerb::Labels(verb) => kb_labels::run(verb, context),
    }
}

#[derive(Args)]
pub(super) struct ValidateArguments {
    /// Files of one JSON entry a line
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Validated {
    file: PathBuf,
    entries: usize,
    errors: usize,
    warnings: usize,
    findings: Vec<LineFinding>,
}

/// Each file is a knowledge base of its own. In JSON form one object a file.
fn validate(arguments: &ValidateArguments, context: &Context) -> anyhow::Result<Exit> {
    let mut exit = Exit::Done;
    for file in &arguments.files {
        let validated = validated(file)?;
        context.output.result(&validated, || text(&validated, context.output))?;
        if validated.errors > 0 {
            exit = Exit::ProblemsFound;
        }
    }
    Ok(exit)
}

fn validated(file: &Path) -> anyhow::Result<Validated> {
    let Examined { entries, mut findings } = examine(file)?;
    if entries.is_empty() && findings.is_empty() {
        findings.push(LineFinding::about_file("the file holds no entry"));
    }
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let warnings = findings.len() - errors;
    Ok(Validated { file: file.to_owned(), entries: entries.len(), errors, warnings, findings })
}

/// `file:line: severity: message`, which editors and terminals know how to jump to, then a summary.
fn text(validated: &Validated, output: Output) -> String {
    let file = validated.file.display();
    let mut lines: Vec<String> =
        validated.findings.iter().map(|finding| line(&validated.file, finding, output)).collect();
    let entries = count(validated.entries, "entry", "entries");
    let (errors, warnings) =
        (count(validated.errors, "error", "errors"), count(validated.warnings, "warning", "warnings"));
    let verdict = if validated.errors == 0 {
        output.paint(Style::Good, "can be served")
    } else {
        output.paint(Style::Bad, "cannot be served")
    };
    lines.push(format!("{file}: {verdict} ({entries}, {errors}, {warnings})"));
    lines.join("\n")
}

fn line(file: &Path, finding: &LineFinding, output: Output) -> String {
    let style = if finding.is_error() { Style::Bad } else { Style::Doubtful };
    let severity = output.paint(style, finding.severity);
    let entry = finding.entry_id.as_ref().map(|id| format!("entry {id}: ")).unwrap_or_default();
    format!("{}:{}: {severity}: {entry}{}", file.display(), finding.line, finding.message)
}
