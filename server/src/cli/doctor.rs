//! `yingda doctor`: everything that must hold before a question is answered, checked in the order in which it is
//! needed, each with what to do about it.

mod check;
mod machine;
mod storage;

use std::{net::TcpListener, path::Path, time::Instant};

use answer::Reranking;
use inference::{Embedder, Role};
use serde::Serialize;

use self::check::Check;
use super::{
    context::{Context, LogPurpose},
    exit::Exit,
    knowledge::{LineFinding, examine},
    model::verified_files,
    output::count,
};
use crate::{
    config::Config,
    models::{self, ModelError},
};

#[derive(Serialize)]
struct Diagnosis {
    healthy: bool,
    checks: Vec<Check>,
}

/// Exit code 1 when a check fails.
pub(super) fn run(context: &Context) -> anyhow::Result<Exit> {
    let mut checks = match context.start(LogPurpose::Command, &[]) {
        Ok(config) => of_configuration(&config),
        Err(error) => vec![
            Check::bad(
                "configuration",
                error,
                "correct it there; `yingda config print` shows what is in force",
            ),
            Check::not_checked("the rest", "it depends on the configuration"),
        ],
    };
    checks.push(machine::processor());
    let healthy = !checks.iter().any(Check::is_bad);
    let diagnosis = Diagnosis { healthy, checks };
    context.output.result(&diagnosis, || {
        diagnosis.checks.iter().map(|check| check.text(context.output)).collect::<Vec<_>>().join("\n")
    })?;
    Ok(if healthy { Exit::Done } else { Exit::ProblemsFound })
}

fn of_configuration(config: &Config) -> Vec<Check> {
    let mut checks = vec![Check::good("configuration", "every key and value is known")];
    checks.extend(of_model(config));
    checks.extend(of_reranker(config));
    checks.push(of_knowledge(config.knowledge.path.as_deref()));
    checks.extend(storage::checks(config));
    checks.push(of_address(config));
    checks
}

const INSTALL: &str = "install the model's folder, or correct model.name and model.folder";
const OTHER_DEVICE: &str = "set model.device to \"cpu\", or install a build and a driver for the device";
const OTHER_MODEL: &str = "choose a model that this version runs: see `yingda model list`";
const RERANKER: &str = "install the model's folder, or correct reranker.name and model.folder";
const CROSS_ENCODER: &str = "choose a cross-encoder that this version runs, or leave reranker.name empty";
const FETCH: &str = "fetch the model's folder again";

fn of_model(config: &Config) -> Vec<Check> {
    let folder = match models::locate(&config.model) {
        Ok(folder) => folder,
        Err(error) => return vec![Check::bad("model folder", error, INSTALL)],
    };
    let mut checks = vec![Check::good("model folder", folder.display().to_string()), of_files(&folder)];
    if checks.iter().any(Check::is_bad) {
        checks.push(Check::not_checked("model", "its files are not sound"));
        return checks;
    }
    checks.extend(machine::memory(bytes_of(&folder)));
    checks.push(of_embedding(config));
    checks
}

fn of_files(folder: &Path) -> Check {
    if !models::has_manifest(folder) {
        let found = "there is no manifest.json, so nothing says whether they are intact";
        return Check::doubtful("model files", found, "keep to models that come with a manifest");
    }
    match verified_files(folder) {
        Ok(files) => Check::good("model files", format!("all {files} are as the manifest says")),
        Err(error) => Check::bad("model files", error, FETCH),
    }
}

fn bytes_of(folder: &Path) -> u64 {
    let manifest = inference::Manifest::read(folder);
    manifest.map_or(0, |manifest| manifest.files.iter().map(|file| file.bytes).sum())
}

/// Loads the model on its device and embeds one sentence.
fn of_embedding(config: &Config) -> Check {
    let started = Instant::now();
    let embedder = match models::start(config) {
        Ok(embedder) => embedder,
        Err(error) if is_about_device(&error) => return Check::bad("device", error, OTHER_DEVICE),
        Err(error) => return Check::bad("model", error, OTHER_MODEL),
    };
    let loaded = started.elapsed().as_millis();
    match embed_once(&embedder) {
        Ok(found) => Check::good("model", format!("{found}; loaded in {loaded} ms")),
        Err(error) => Check::bad("model", error, OTHER_MODEL),
    }
}

fn embed_once(embedder: &Embedder) -> anyhow::Result<String> {
    let vector = Context::runtime()?.block_on(embedder.embed("怎么退款 refund", Role::Query))?;
    let info = embedder.info();
    Ok(format!("{} on {} gives {} values", info.name, info.device, vector.dimension()))
}

/// Loads the reranker, if one is configured, and scores one pair.
fn of_reranker(config: &Config) -> Option<Check> {
    const NAME: &str = "reranker";
    let reranking = match models::start_reranker(config) {
        Ok(reranking) => reranking?,
        Err(error @ ModelError::NotFound { .. }) => return Some(Check::bad(NAME, error, RERANKER)),
        Err(error) if is_about_device(&error) => return Some(Check::bad(NAME, error, OTHER_DEVICE)),
        Err(error) => return Some(Check::bad(NAME, error, CROSS_ENCODER)),
    };
    Some(match score_once(&reranking) {
        Ok(found) => Check::good(NAME, found),
        Err(error) => Check::bad(NAME, error, CROSS_ENCODER),
    })
}

fn score_once(reranking: &Reranking) -> anyhow::Result<String> {
    let Reranking { reranker, candidates } = reranking;
    Context::runtime()?.block_on(reranker.score("怎么退款", vec!["退款 refund".to_owned()]))?;
    let info = reranker.info();
    Ok(format!("{} on {} reads the best {candidates} candidates", info.name, info.device))
}

/// Whether the device is absent, or this model does not compute on it.
fn is_about_device(error: &ModelError) -> bool {
    use inference::Error::{DeviceUnavailable, InvalidOption};
    matches!(error, ModelError::Files(DeviceUnavailable { .. } | InvalidOption { name: "device", .. }))
}

fn of_knowledge(path: Option<&Path>) -> Check {
    const NAME: &str = "knowledge";
    let Some(path) = path else {
        return Check::good(
            NAME,
            "no file is configured: what the store has published is served; without that `ask` and `demo` use the built-in shop",
        );
    };
    let examined = match examine(path) {
        Ok(examined) => examined,
        Err(error) => return Check::bad(NAME, error, "correct knowledge.path, or make the file readable"),
    };
    let errors =
        count(examined.findings.iter().filter(|finding| finding.is_error()).count(), "error", "errors");
    let found = format!("{}: {}", path.display(), count(examined.entries.len(), "entry", "entries"));
    match examined.findings.iter().find(|finding| finding.is_error()) {
        Some(LineFinding { line, message, .. }) => {
            let error = anyhow::anyhow!("{found}, {errors}, the first in line {line}: {message}");
            Check::bad(NAME, error, "`yingda kb validate` lists them all")
        }
        None => Check::good(NAME, found),
    }
}

fn of_address(config: &Config) -> Check {
    let address = config.server.address;
    match TcpListener::bind(address) {
        Ok(_) => Check::good("address", format!("{address} can be bound")),
        Err(error) => {
            let error = anyhow::Error::new(error).context(format!("{address} cannot be bound"));
            Check::bad("address", error, "stop the program that has it, or set server.address")
        }
    }
}
