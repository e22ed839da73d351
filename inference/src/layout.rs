//! Which modules a model folder is made of, from `modules.json` as sentence-transformers writes it. Called by
//! `load_model` and `load_cross_encoder` only; the modules' own files are read by those who compute them.

use serde::Deserialize;

use crate::configuration::{ConfigurationFile, inside, read_json};
use crate::pooling::Pooling;
use crate::prompts::Prompts;
use crate::relevance_head::CLASS_SUFFIX;
use crate::{Error, ModelFiles, Result};

/// The modules that turn tokens into a vector. Folders are relative to the model folder; empty is the folder itself.
pub(crate) enum Layout {
    /// A transformer, pooled, then `head`.
    Transformer { folder: String, pooling: Pooling, head: Vec<HeadModule> },
    /// The mean of a token table's rows.
    TokenTable { folder: String },
}

/// A module behind pooling.
pub(crate) enum HeadModule {
    /// A linear layer with an activation, described in `folder`.
    Dense { folder: String },
    /// Scaling to unit length.
    Normalize,
}

#[derive(Deserialize)]
struct Module {
    path: String,
    #[serde(rename = "type")]
    class: String,
}

impl Layout {
    /// Without `modules.json` the folder is a Model2Vec one if `config.json` says so, else a plain transformers folder,
    /// which sentence-transformers pools by the mean.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] naming a module that this crate does not compute.
    pub(crate) fn read(files: &ModelFiles) -> Result<Self> {
        if !files.has("modules.json") {
            return Self::without_modules(files);
        }
        let modules: Vec<Module> = read_json(files, "modules.json")?;
        let mut modules = modules.iter();
        match modules.next().map(|first| (first.kind(), first.folder())) {
            Some(("Transformer", folder)) => Self::transformer(files, folder, modules),
            Some(("StaticEmbedding", folder)) => Self::token_table(folder, modules),
            Some((kind, _)) => Err(unsupported(kind, "as the first module")),
            None => {
                Err(Error::model_file(&files.folder().join("modules.json"), "lists no modules".to_owned()))
            }
        }
    }

    fn without_modules(files: &ModelFiles) -> Result<Self> {
        let config = ConfigurationFile::read(files, "config.json".to_owned())?;
        let folder = String::new();
        if let Some(class) = config.texts("architectures").find(|class| class.ends_with(CLASS_SUFFIX)) {
            let reason = format!("{class} classifies; it gives no sentence vectors (a reranker may use it)");
            return Err(Error::UnsupportedModel(reason));
        }
        match config.text("model_type") {
            None | Some("model2vec") => Ok(Self::TokenTable { folder }),
            Some(_) => Ok(Self::Transformer { folder, pooling: Pooling::Mean, head: Vec::new() }),
        }
    }

    fn transformer<'a>(
        files: &ModelFiles,
        folder: String,
        mut modules: impl Iterator<Item = &'a Module>,
    ) -> Result<Self> {
        let pooling = match modules.next() {
            Some(module) if module.kind() == "Pooling" => {
                Pooling::read(files, &inside(&module.folder(), "config.json"))?
            }
            Some(module) => {
                return Err(unsupported(module.kind(), "between the transformer and the pooling"));
            }
            None => return Err(Error::UnsupportedModel("a transformer without a pooling module".to_owned())),
        };
        let mut head = Vec::new();
        for module in modules {
            match module.kind() {
                "Dense" => head.push(HeadModule::Dense { folder: module.folder() }),
                "Normalize" => head.push(HeadModule::Normalize),
                // Dropout acts in training only.
                "Dropout" => {}
                kind => return Err(unsupported(kind, "behind the pooling")),
            }
        }
        Ok(Self::Transformer { folder, pooling, head })
    }

    fn token_table<'a>(folder: String, modules: impl Iterator<Item = &'a Module>) -> Result<Self> {
        // Every vector leaves this crate with unit length, so a trailing Normalize changes nothing.
        match modules.map(Module::kind).find(|kind| !["Normalize", "Dropout"].contains(kind)) {
            Some(kind) => Err(unsupported(kind, "behind a static token table")),
            None => Ok(Self::TokenTable { folder }),
        }
    }
}

/// The folder of a cross-encoder's only module; without `modules.json` the model folder itself.
///
/// # Errors
/// [`Error::UnsupportedModel`] naming another module than the transformer, or a prompt, which this crate does not put in
/// front of pairs.
pub(crate) fn cross_encoder_folder(files: &ModelFiles) -> Result<String> {
    if Prompts::has_default(files)? {
        return Err(Error::UnsupportedModel("a cross-encoder with a default prompt".to_owned()));
    }
    if !files.has("modules.json") {
        return Ok(String::new());
    }
    let modules: Vec<Module> = read_json(files, "modules.json")?;
    match modules.iter().find(|module| module.kind() != "Transformer") {
        Some(module) => Err(unsupported(module.kind(), "in a cross-encoder")),
        None => Ok(modules.first().map(Module::folder).unwrap_or_default()),
    }
}

impl Module {
    /// The class without its Python module, which moved between versions of sentence-transformers.
    fn kind(&self) -> &str {
        self.class.rsplit('.').next().unwrap_or_default()
    }

    fn folder(&self) -> String {
        let path = self.path.trim_matches('/');
        if path == "." { String::new() } else { path.trim_start_matches("./").to_owned() }
    }
}

fn unsupported(kind: &str, place: &str) -> Error {
    Error::UnsupportedModel(format!("the module {kind} {place}"))
}
