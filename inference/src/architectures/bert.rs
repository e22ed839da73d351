//! BERT and its many descendants: bge, gte, e5, MiniLM, text2vec, m3e, the ms-marco cross-encoders.

use candle_core::Tensor;
use candle_transformers::models::bert::{BertModel, Config, HiddenAct};
use serde::Deserialize;

use super::{Architecture, Backbone, Computation, activation, check_heads, check_positions};
use crate::Result;
use crate::configuration::ConfigurationFile;
use crate::cpu::{Activation, PackedEncoder, PackedShape};
use crate::cuda::PackedGraph;
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
    let activation = activation(config.hidden_act.as_deref())?;
    let graph = Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        intermediate_size: config.intermediate_size,
        max_position_embeddings: config.max_position_embeddings,
        type_vocab_size: config.type_vocab_size,
        layer_norm_eps: config.layer_norm_eps,
        hidden_act: graph_activation(activation),
        ..Config::default()
    };
    let weights = weights.renamed(|name| without_prefix(name, "bert.").to_owned());
    Ok(Architecture {
        name: "bert",
        backbone: backbone(weights, &graph, activation, computation)?,
        hidden_size: config.hidden_size,
        vocabulary_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        padding: config.pad_token_id.unwrap_or_default(),
        segments: config.type_vocab_size,
    })
}

/// One of our own computations, or candle's graph.
pub(super) fn backbone(
    weights: Weights,
    graph: &Config,
    activation: Activation,
    computation: Computation,
) -> Result<Box<dyn Backbone>> {
    let shape = PackedShape {
        vocabulary: graph.vocab_size,
        width: graph.hidden_size,
        layers: graph.num_hidden_layers,
        heads: graph.num_attention_heads,
        inner: graph.intermediate_size,
        positions: graph.max_position_embeddings,
        first_position: 0,
        segments: graph.type_vocab_size,
        epsilon: graph.layer_norm_eps as f32,
        activation,
    };
    Ok(match computation {
        Computation::Packed => Box::new(PackedEncoder::load(shape, &weights)?),
        Computation::Cuda(precision) => Box::new(PackedGraph::load(shape, &weights, precision)?),
        Computation::Candle => Box::new(Bert(weights.build(|weights| BertModel::load(weights, graph))?)),
    })
}

/// As candle's graph names it.
pub(super) fn graph_activation(activation: Activation) -> HiddenAct {
    match activation {
        Activation::Gelu => HiddenAct::Gelu,
        Activation::GeluTanh => HiddenAct::GeluApproximate,
        Activation::Relu => HiddenAct::Relu,
    }
}

/// BERT's graph.
struct Bert(BertModel);

impl Backbone for Bert {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        self.0.forward(&batch.ids, &batch.segments, Some(&batch.mask))
    }
}
