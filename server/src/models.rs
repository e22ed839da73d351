//! Finding model folders by name. Whoever needs a model asks [`resolve`]; nobody else searches.

use std::{
    path::{Path, PathBuf, is_separator},
    sync::Arc,
};

use answer::Reranking;
use inference::{
    Embedder, ModelFiles, ModelOptions, Reranker, SentenceEncoder, load_cross_encoder, load_model,
};

use crate::config::{Config, ModelConfig};

/// Why there are no model files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ModelError {
    /// No folder of that name: install it, or correct `model.name`, `reranker.name` and `model.folder`.
    #[error("there is no model {name}; looked in {}{}", join(searched), known(available))]
    NotFound { name: String, searched: Vec<PathBuf>, available: Vec<String> },
    /// The folder is there and cannot be used.
    #[error(transparent)]
    Files(#[from] inference::Error),
}

/// Opens the configured model: a path when `model.name` contains a separator, else the first folder of that name
/// among [`search_folders`]. A folder without `manifest.json` is accepted, unverified, with a warning in the log.
///
/// # Errors
/// [`ModelError::NotFound`] with the folders searched; [`ModelError::Files`] naming the file that is missing or altered.
pub(crate) fn resolve(config: &ModelConfig) -> Result<ModelFiles, ModelError> {
    let folder = locate(config)?;
    if has_manifest(&folder) {
        return Ok(ModelFiles::open(&folder)?);
    }
    tracing::warn!(folder = %folder.display(), "the model folder has no manifest.json: its files are not verified");
    Ok(ModelFiles::unverified(&folder)?)
}

/// Loads the configured model on the configured device.
///
/// # Errors
/// As in [`resolve`]; [`ModelError::Files`] when the device is absent or the model cannot be run.
pub(crate) fn load(config: &Config) -> Result<Arc<dyn SentenceEncoder>, ModelError> {
    Ok(load_model(&resolve(&config.model)?, &config.model_options()?)?)
}

/// The same, behind its queue and worker threads.
///
/// # Errors
/// As in [`load`].
pub(crate) fn start(config: &Config) -> Result<Embedder, ModelError> {
    Ok(Embedder::start(load(config)?, &config.embedder_options())?)
}

/// Loads the configured reranker and starts its worker threads; `None` when none is configured.
///
/// # Errors
/// As in [`load`]; [`ModelError::Files`] also for a model that is no cross-encoder.
pub(crate) fn start_reranker(config: &Config) -> Result<Option<Reranking>, ModelError> {
    let Some(model) = reranker_model(config) else { return Ok(None) };
    // Truncating vectors is for embedding models.
    let options = ModelOptions { dimension: None, ..config.model_options()? };
    let model = load_cross_encoder(&resolve(&model)?, &options)?;
    let reranker = Reranker::start(model, &config.reranker_options())?;
    Ok(Some(Reranking { reranker, candidates: config.reranker.candidates }))
}

/// Where the configured reranker is looked for.
fn reranker_model(config: &Config) -> Option<ModelConfig> {
    let name = config.reranker.name.clone()?;
    Some(ModelConfig { name, ..config.model.clone() })
}

/// The folder that [`resolve`] opens.
///
/// # Errors
/// [`ModelError::NotFound`].
pub(crate) fn locate(config: &ModelConfig) -> Result<PathBuf, ModelError> {
    let searched = if config.name.contains(is_separator) {
        vec![PathBuf::new()]
    } else {
        search_folders(&config.folder)
    };
    let found = searched.iter().map(|folder| folder.join(&config.name)).find(|folder| folder.is_dir());
    found.ok_or_else(|| {
        let available = installed(&config.folder).iter().filter_map(|folder| name_of(folder)).collect();
        ModelError::NotFound { name: config.name.clone(), searched, available }
    })
}

/// Every model folder in [`search_folders`], by path; one that an earlier folder of the same name hides is left out.
pub(crate) fn installed(folder: &Path) -> Vec<PathBuf> {
    let mut models: Vec<PathBuf> = Vec::new();
    for searched in search_folders(folder) {
        let children = std::fs::read_dir(searched).into_iter().flatten().flatten().map(|child| child.path());
        let mut children: Vec<PathBuf> = children.filter(|child| is_model(child)).collect();
        children.sort();
        children.retain(|child| models.iter().all(|model| model.file_name() != child.file_name()));
        models.append(&mut children);
    }
    models
}

/// Whether the folder says which bytes belong to it.
pub(crate) fn has_manifest(folder: &Path) -> bool {
    folder.join("manifest.json").is_file()
}

/// Where models are looked for, in order: an absolute `folder` alone; a relative one in the working directory, then
/// beside the program, then in the folders above it. Only those that exist.
fn search_folders(folder: &Path) -> Vec<PathBuf> {
    let mut folders = vec![folder.to_owned()];
    if folder.is_relative() {
        let program = std::env::current_exe().and_then(std::fs::canonicalize).unwrap_or_default();
        folders
            .extend(program.ancestors().skip(1).map(|above| above.join(folder)).filter(|path| path.is_dir()));
    }
    folders
}

/// The file that every supported layout has at its top: see `inference`.
fn is_model(folder: &Path) -> bool {
    ["manifest.json", "modules.json", "config.json"].iter().any(|name| folder.join(name).is_file())
}

fn name_of(folder: &Path) -> Option<String> {
    folder.file_name().map(|name| name.to_string_lossy().into_owned())
}

fn join(folders: &[PathBuf]) -> String {
    let shown = |folder: &PathBuf| match folder.as_os_str().is_empty() {
        true => "the working directory".to_owned(),
        false => folder.display().to_string(),
    };
    folders.iter().map(shown).collect::<Vec<_>>().join(", ")
}

fn known(available: &[String]) -> String {
    if available.is_empty() { String::new() } else { format!(" (found there: {})", available.join(", ")) }
}
