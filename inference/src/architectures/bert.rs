//! BERT and its many descendants: bge, gte, e5, MiniLM, text2vec, m3e, the ms-marco cross-encoders.

use candle_core::Tensor;
use candle_transformers::models::bert::{BertModel, Config, HiddenAct};
use serde::Deserialize;

use super::{Architecture, Backbone, Computation, Graph, activation, check_heads, check_positions};
use crate::Result;
use crate::configuration::ConfigurationFile;
use crate::cpu::{Activation, PackedShape};
use crate::token_batch::TokenBatch;
use crate::weights::{Weights, without_prefix};

/// The keys of `config.json` that decide the graph; the defaults are transformers'.
#[derive(Deserialize)]
struct BertConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    #[serde(default = "segments")]
    type_vocab_size: usize,
    #[serde(default = "layer_norm_eps")]
    layer_norm_eps: f64,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default)]
    pad_token_id: Option<u32>,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

fn segments() -> usize {
    2
}

fn layer_norm_eps() -> f64 {
    1e-12
}

pub(super) fn load(
    file: &ConfigurationFile<'_>,
    weights: Weights,
    computation: Computation,
) -> Result<Architecture> {
    let config: BertConfig = file.parse()?;
    check_heads(file, config.hidden_size, config.num_attention_heads)?;
    check_positions(config.position_embedding_type.as_deref())?;
    let shape = PackedShape {
        vocabulary: config.vocab_size,
        width: config.hidden_size,
        layers: config.num_hidden_layers,
        heads: config.num_attention_heads,
        inner: config.intermediate_size,
        positions: config.max_position_embeddings,
        first_position: 0,
        segments: config.type_vocab_size,
        epsilon: config.layer_norm_eps,
        activation: activation(config.hidden_act.as_deref())?,
    };
    let weights = weights.renamed(|name| without_prefix(name, "bert.").to_owned());
    let backbone = backbone(weights, &shape, computation)?;
    Ok(Architecture {
        padding: config.pad_token_id.unwrap_or_default(),
        ..Architecture::of_shape("bert", &shape, computation, backbone)
    })
}

/// BERT's, with its own names of weights.
pub(super) fn backbone(weights: Weights, shape: &PackedShape, computation: Computation) -> Result<Backbone> {
    super::backbone(computation, shape, weights, |weights| {
        Ok(Box::new(Bert(weights.build(|weights| BertModel::load(weights, &graph(shape)))?)))
    })
}

fn graph(shape: &PackedShape) -> Config {
    Config {
        vocab_size: shape.vocabulary,
        hidden_size: shape.width,
        num_hidden_layers: shape.layers,
        num_attention_heads: shape.heads,
        intermediate_size: shape.inner,
        max_position_embeddings: shape.positions,
        type_vocab_size: shape.segments,
        layer_norm_eps: shape.epsilon,
        hidden_act: match shape.activation {
            Activation::Gelu => HiddenAct::Gelu,
            Activation::GeluTanh => HiddenAct::GeluApproximate,
            Activation::Relu => HiddenAct::Relu,
        },
        ..Config::default()
    }
}

/// BERT's graph.
struct Bert(BertModel);

impl Graph for Bert {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        self.0.forward(&batch.ids, &batch.segments, Some(&batch.mask))
    }
}
