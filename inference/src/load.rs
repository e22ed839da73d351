//! From a model folder to something that computes: the only place that decides which encoder or cross-encoder a folder
//! needs.

use std::sync::Arc;

use crate::layout::{Layout, cross_encoder_folder};
use crate::static_encoder::StaticEncoder;
use crate::transformer_cross_encoder::TransformerCrossEncoder;
use crate::transformer_encoder::TransformerEncoder;
use crate::{
    CrossEncoder, CudaPrecision, DeviceChoice, Error, Manifest, ModelFiles, ModelInfo, Result,
    SentenceEncoder,
};

/// How a model is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelOptions {
    /// Where it computes.
    pub device: DeviceChoice,
    /// In what it computes there, if that is an NVIDIA card.
    pub cuda_precision: CudaPrecision,
    /// Keep only the first values of each vector (Matryoshka truncation); `None` keeps all. Sensible for models trained
    /// for it only; never for a cross-encoder.
    pub dimension: Option<usize>,
    /// Tokens kept of a text or pair, special ones included, instead of the length that the folder asks for.
    pub max_tokens: Option<usize>,
    /// Compute with candle's graph even where this crate has its own computation: to compare the two.
    pub reference: bool,
}

/// Loads the model in `files` onto the device that `options` names.
///
/// Understood are folders as sentence-transformers saves them (a transformer of the types `bert`, `roberta`,
/// `xlm-roberta`, `distilbert`, `modernbert` or `qwen3`; pooling by cls, mean or last token; linear layers;
/// normalisation; or a static token table), folders as Model2Vec saves them, and plain transformers folders, which are
/// pooled by the mean unless they hold a classifier (see [`load_cross_encoder`]).
///
/// # Errors
/// [`Error::ModelFile`] for a file that is missing or malformed, [`Error::UnsupportedModel`] naming what cannot be
/// computed, [`Error::DeviceUnavailable`], [`Error::InvalidOption`] for a dimension or length the model does not have.
pub fn load_model(files: &ModelFiles, options: &ModelOptions) -> Result<Arc<dyn SentenceEncoder>> {
    let loading = Loading { files, options };
    let encoder: Arc<dyn SentenceEncoder> = match Layout::read(files)? {
        Layout::TokenTable { folder } => Arc::new(StaticEncoder::load(&loading, &folder)?),
        Layout::Transformer { folder, pooling, head } => {
            Arc::new(TransformerEncoder::load(&loading, &folder, pooling, &head)?)
        }
    };
    log_loaded(encoder.info());
    Ok(encoder)
}

/// Loads the cross-encoder in `files` onto the device that `options` names.
///
/// Understood are folders as transformers or sentence-transformers' `CrossEncoder` saves them, of the classes
/// `BertForSequenceClassification` (the ms-marco models), `RobertaForSequenceClassification` and
/// `XLMRobertaForSequenceClassification` (bge-reranker), with one label. The activation that a folder may name for its
/// scores is not applied: see [`CrossEncoder`]. A manifest states dimension 1.
///
/// # Errors
/// [`Error::ModelFile`] for a file that is missing or malformed, also where the classifier's weights are absent;
/// [`Error::UnsupportedModel`] naming what cannot be computed, such as another class or number of labels;
/// [`Error::DeviceUnavailable`]; [`Error::InvalidOption`] for a dimension or length the model does not have.
pub fn load_cross_encoder(files: &ModelFiles, options: &ModelOptions) -> Result<Arc<dyn CrossEncoder>> {
    let loading = Loading { files, options };
    let model = TransformerCrossEncoder::load(&loading, &cross_encoder_folder(files)?)?;
    log_loaded(model.info());
    Ok(Arc::new(model))
}

fn log_loaded(info: &ModelInfo) {
    tracing::info!(
        model = info.name,
        architecture = info.architecture,
        dimension = info.dimension,
        device = info.device,
        "model loaded"
    );
}

/// What the loaders of both kinds of model work from.
pub(crate) struct Loading<'a> {
    pub(crate) files: &'a ModelFiles,
    pub(crate) options: &'a ModelOptions,
}

/// What is known of a model once its files are read.
pub(crate) struct Traits {
    /// Before Matryoshka truncation.
    pub(crate) dimension: usize,
    pub(crate) max_tokens: usize,
    pub(crate) architecture: &'static str,
}

impl Loading<'_> {
    /// # Errors
    /// [`Error::ModelFile`] when the manifest states another dimension than the files have, [`Error::InvalidOption`]
    /// when the asked-for dimension is 0 or more than the model has.
    pub(crate) fn info(&self, traits: &Traits) -> Result<ModelInfo> {
        let manifest = self.files.manifest();
        self.check_manifest(manifest, traits.dimension)?;
        let dimension = self.kept_dimension(traits.dimension)?;
        let truncated = dimension < traits.dimension;
        let suffix = if truncated { format!("-d{dimension}") } else { String::new() };
        Ok(ModelInfo {
            name: manifest.name.clone(),
            dimension,
            max_tokens: traits.max_tokens,
            licence: manifest.licence.clone(),
            fingerprint: format!("{}{suffix}", manifest.fingerprint),
            architecture: traits.architecture.to_owned(),
            device: self.options.device.to_string(),
        })
    }

    /// How many of a vector's `dimension` values are kept.
    pub(crate) fn kept_dimension(&self, dimension: usize) -> Result<usize> {
        match self.options.dimension {
            Some(kept) if kept == 0 || kept > dimension => Err(Error::InvalidOption {
                name: "dimension",
                reason: format!("{kept} is not between 1 and the model's {dimension}"),
            }),
            kept => Ok(kept.unwrap_or(dimension)),
        }
    }

    fn check_manifest(&self, manifest: &Manifest, dimension: usize) -> Result<()> {
        // 0 stands for "unknown" in folders without a manifest.
        if manifest.dimension == 0 || manifest.dimension == dimension {
            return Ok(());
        }
        let reason = format!("states dimension {}, the files have {dimension}", manifest.dimension);
        Err(Error::model_file(&self.files.folder().join("manifest.json"), reason))
    }
}
