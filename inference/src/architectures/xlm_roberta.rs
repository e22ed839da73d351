//! RoBERTa and XLM-RoBERTa: bge-m3, multilingual-e5, bge-reranker. Both texts of a pair are in the first segment.

use candle_core::Tensor;
use candle_transformers::models::xlm_roberta::{Config, XLMRobertaModel};
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
struct RobertaConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    layer_norm_eps: f64,
    #[serde(default)]
    hidden_act: Option<String>,
    #[serde(default = "padding")]
    pad_token_id: u32,
    #[serde(default)]
    position_embedding_type: Option<String>,
}

fn padding() -> u32 {
    1
}

pub(super) fn load(
    file: &ConfigurationFile<'_>,
    weights: Weights,
    computation: Computation,
) -> Result<Architecture> {
    let config: RobertaConfig = file.parse()?;
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
        hidden_act: match activation {
            Activation::Gelu => candle_nn::Activation::Gelu,
            Activation::GeluTanh => candle_nn::Activation::GeluPytorchTanh,
            Activation::Relu => candle_nn::Activation::Relu,
        },
        pad_token_id: config.pad_token_id,
        position_embedding_type: "absolute".to_owned(),
        // Act in training only.
        attention_probs_dropout_prob: 0.0,
        hidden_dropout_prob: 0.0,
    };
    let weights = weights.renamed(|name| without_prefix(name, "roberta.").to_owned());
    // Positions are counted from the number behind the padding token's id.
    let max_tokens = config.max_position_embeddings.saturating_sub(config.pad_token_id as usize + 1);
    Ok(Architecture {
        name: "xlm-roberta",
        backbone: backbone(weights, &graph, activation, computation)?,
        hidden_size: config.hidden_size,
        vocabulary_size: config.vocab_size,
        max_tokens,
        padding: config.pad_token_id,
        segments: 1,
    })
}

fn backbone(
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
        first_position: graph.pad_token_id as usize + 1,
        segments: graph.type_vocab_size,
        epsilon: graph.layer_norm_eps as f32,
        activation,
    };
    Ok(match computation {
        Computation::Packed => Box::new(PackedEncoder::load(shape, &weights)?),
        Computation::Cuda(precision) => Box::new(PackedGraph::load(shape, &weights, precision)?),
        Computation::Candle => {
            Box::new(XlmRoberta(weights.build(|weights| XLMRobertaModel::new(graph, weights))?))
        }
    })
}

struct XlmRoberta(XLMRobertaModel);

impl Backbone for XlmRoberta {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        self.0.forward(&batch.ids, &batch.mask, &batch.segments, None, None, None)
    }
}
