//! Transformer architectures, one file each. What passes through: token ids become one hidden state per token, and
//! these one vector per text.
//! Called by `transformer_encoder` and `transformer_cross_encoder` only.
//!
//! The graphs are candle-transformers' where those agree with the reference implementation; each file says what it does
//! differently.

mod bert;
mod distilbert;
mod modernbert;
mod qwen3;
mod xlm_roberta;

use candle_core::{Device, Tensor};
use serde::Deserialize;

use crate::configuration::{ConfigurationFile, inside};
use crate::cpu::{self, Activation, PackedEncoder, PackedShape};
use crate::cuda::PackedGraph;
use crate::load::Loading;
use crate::pooling::Pooling;
use crate::token_batch::{TokenBatch, TokenRow};
use crate::weights::Weights;
use crate::{DeviceChoice, Error, ModelOptions, Precision, PrecisionChoice, Result};

/// The part of a model between token ids and pooling.
enum Backbone {
    Packed(Box<PackedEncoder>),
    Graph(Box<dyn Graph>),
}

/// What computes on padded tensors of candle's.
pub(crate) trait Graph: Send + Sync {
    /// `[batch, tokens, hidden size]`, f32. What stands at padding is arbitrary but finite, and does not influence the
    /// rest.
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor>;
}

/// A backbone and what its configuration says.
pub(crate) struct Architecture {
    pub(crate) name: &'static str,
    backbone: Backbone,
    /// Of its linear layers.
    pub(crate) precision: Precision,
    /// Values per hidden state.
    pub(crate) hidden_size: usize,
    /// Rows of the token embedding: every id must be smaller.
    pub(crate) vocabulary_size: usize,
    /// Tokens that the position embeddings allow, special ones included.
    pub(crate) max_tokens: usize,
    /// The id that fills a batch's short rows.
    pub(crate) padding: u32,
    /// Rows of the segment embedding that tells a pair's texts apart; 1 where every token is in the first segment.
    pub(crate) segments: usize,
}

impl Architecture {
    /// Reads `folder/config.json` and the weights beside it.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] naming an unknown `model_type` or a variant that is not computed here,
    /// [`Error::ModelFile`] for malformed files.
    pub(crate) fn load(loading: &Loading<'_>, folder: &str, device: &Device) -> Result<Self> {
        let config = ConfigurationFile::read(loading.files, inside(folder, "config.json"))?;
        Self::build(&config, Weights::read(loading.files, folder, device)?, loading.options)
    }

    /// From what is read already. Weights that the graph does not have, such as a task head's, are passed over.
    ///
    /// # Errors
    /// As in [`Architecture::load`].
    pub(crate) fn build(
        config: &ConfigurationFile<'_>,
        weights: Weights,
        options: &ModelOptions,
    ) -> Result<Self> {
        if let Some(graph_only @ ("modernbert" | "qwen3")) = config.text("model_type") {
            exact_only(options, graph_only)?;
        }
        Self::computed(config, weights, Computation::of(options)?)
    }

    /// For `computation`, which a model outside the BERT family pays no attention to.
    pub(crate) fn computed(
        config: &ConfigurationFile<'_>,
        weights: Weights,
        computation: Computation,
    ) -> Result<Self> {
        match config.text("model_type") {
            Some("bert") => bert::load(config, weights, computation),
            Some("distilbert") => distilbert::load(config, weights, computation),
            Some("modernbert") => modernbert::load(config, weights),
            Some("qwen3") => qwen3::load(config, weights),
            Some("roberta" | "xlm-roberta") => xlm_roberta::load(config, weights, computation),
            Some(other) => Err(Error::UnsupportedModel(format!("the architecture {other}"))),
            None => Err(config.malformed("model_type is missing")),
        }
    }

    /// What follows from a BERT-like model's sizes. The padding token is 0.
    fn of_shape(
        name: &'static str,
        shape: &PackedShape,
        computation: Computation,
        backbone: Backbone,
    ) -> Self {
        Self {
            name,
            backbone,
            precision: computation.precision(),
            hidden_size: shape.width,
            vocabulary_size: shape.vocabulary,
            max_tokens: shape.positions,
            padding: 0,
            segments: shape.segments,
        }
    }

    /// For each row, its hidden states pooled: `hidden_size` values. At least one row, and none empty.
    pub(crate) fn pooled(
        &self,
        rows: &[TokenRow<'_>],
        pooling: Pooling,
        device: &Device,
    ) -> candle_core::Result<Vec<Vec<f32>>> {
        match &self.backbone {
            Backbone::Packed(encoder) => Ok(encoder.pooled(rows, pooling)),
            Backbone::Graph(graph) => {
                let batch = TokenBatch::padded(rows, self.padding, device)?;
                pooling.pool(&graph.hidden_states(&batch)?, &batch)?.to_vec2()
            }
        }
    }

    /// See [`SentenceEncoder::batches_pay`](crate::SentenceEncoder::batches_pay).
    pub(crate) fn batches_pay(&self) -> bool {
        matches!(self.backbone, Backbone::Graph(_))
    }

    #[cfg(test)]
    pub(crate) fn graph(&self) -> Option<&dyn Graph> {
        match &self.backbone {
            Backbone::Packed(_) => None,
            Backbone::Graph(graph) => Some(graph.as_ref()),
        }
    }

    /// Refuses ids that the graph could not compute: none, more than `max_tokens`, or beyond the token embedding.
    ///
    /// # Errors
    /// [`Error::Unencodable`] for no ids, else [`Error::Inference`] naming the number.
    pub(crate) fn check_ids(&self, token_ids: &[u32], max_tokens: usize) -> Result<()> {
        let (length, bound) = (token_ids.len(), self.vocabulary_size);
        if token_ids.is_empty() {
            return Err(Error::Unencodable);
        }
        if length > max_tokens {
            return Err(Error::Inference(format!("{length} tokens, the model takes {max_tokens}")));
        }
        match token_ids.iter().find(|id| **id as usize >= bound) {
            Some(id) => Err(Error::Inference(format!("token id {id} is not below {bound}"))),
            None => Ok(()),
        }
    }
}

/// Who computes a model of the BERT family.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Computation {
    /// This crate, on a processor: see `cpu`.
    Packed(Precision),
    /// This crate's graph for a card: see `cuda`.
    Cuda(Precision),
    /// candle's graph: on other devices, on a processor without vector instructions, and to compare with.
    Candle,
}

impl Computation {
    /// # Errors
    /// [`Error::InvalidOption`] for a precision that candle's graph does not have, where that computes.
    fn of(options: &ModelOptions) -> Result<Self> {
        let precision = |fastest: Precision| match options.precision {
            PrecisionChoice::Exactly(precision) => precision,
            PrecisionChoice::Fastest => fastest,
        };
        match options.device {
            DeviceChoice::Cpu if cpu::is_supported() && !options.reference => {
                Ok(Self::Packed(precision(cpu::fastest())))
            }
            // Nobody has measured yet what half precision finds and how much faster it is.
            DeviceChoice::Cuda(_) if !options.reference => Ok(Self::Cuda(precision(Precision::F32))),
            DeviceChoice::Cpu | DeviceChoice::Cuda(_) | DeviceChoice::Metal(_) => {
                exact_only(options, "candle's graph").map(|()| Self::Candle)
            }
        }
    }

    fn precision(self) -> Precision {
        match self {
            Self::Packed(precision) | Self::Cuda(precision) => precision,
            Self::Candle => Precision::F32,
        }
    }
}

/// A model of the BERT family as `computation` says; `candle` builds candle's graph.
fn backbone(
    computation: Computation,
    shape: &PackedShape,
    weights: Weights,
    candle: impl FnOnce(Weights) -> Result<Box<dyn Graph>>,
) -> Result<Backbone> {
    Ok(match computation {
        Computation::Packed(precision) => {
            Backbone::Packed(Box::new(PackedEncoder::load(*shape, &weights, precision)?))
        }
        Computation::Cuda(precision) => {
            Backbone::Graph(Box::new(PackedGraph::load(*shape, &weights, precision)?))
        }
        Computation::Candle => Backbone::Graph(candle(weights)?),
    })
}

/// Refuses another precision than single for what is computed in that alone.
fn exact_only(options: &ModelOptions, what: &str) -> Result<()> {
    match options.precision {
        PrecisionChoice::Fastest | PrecisionChoice::Exactly(Precision::F32) => Ok(()),
        PrecisionChoice::Exactly(precision) => Err(Error::InvalidOption {
            name: "precision",
            reason: format!("{what} is computed in f32, not in {precision}"),
        }),
    }
}

/// The activation by its name in transformers; `None` is the exact GELU.
fn activation(name: Option<&str>) -> Result<Activation> {
    match name.unwrap_or("gelu") {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        "relu" => Ok(Activation::Relu),
        other => Err(Error::UnsupportedModel(format!("the activation {other}"))),
    }
}

/// Refuses sizes that the graphs would divide by zero with or cannot split among heads.
fn check_heads(config: &ConfigurationFile<'_>, hidden_size: usize, heads: usize) -> Result<()> {
    if hidden_size == 0 || heads == 0 || !hidden_size.is_multiple_of(heads) {
        return Err(
            config.malformed(format!("hidden size {hidden_size} cannot be split among {heads} heads"))
        );
    }
    Ok(())
}

/// Refuses position embeddings that depend on the distance between tokens.
fn check_positions(kind: Option<&str>) -> Result<()> {
    match kind {
        None | Some("absolute") => Ok(()),
        Some(kind) => Err(Error::UnsupportedModel(format!("position embeddings of the kind {kind}"))),
    }
}

/// Rotary position embeddings as `config.json` describes them.
#[derive(Deserialize)]
struct RopeParameters {
    rope_type: Option<String>,
    /// The older name of `rope_type`; some files carry both.
    #[serde(rename = "type")]
    older_type: Option<String>,
    rope_theta: Option<f64>,
}

impl RopeParameters {
    /// Refuses embeddings that are stretched beyond the trained length.
    fn check(&self) -> Result<()> {
        match self.rope_type.as_deref().or(self.older_type.as_deref()) {
            None | Some("default") => Ok(()),
            Some(kind) => {
                Err(Error::UnsupportedModel(format!("rotary position embeddings of the kind {kind}")))
            }
        }
    }
}
