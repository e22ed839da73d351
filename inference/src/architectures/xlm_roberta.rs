//! RoBERTa and XLM-RoBERTa: bge-m3, multilingual-e5, bge-reranker. Both texts of a pair are in the first segment.

use candle_core::Tensor;
use candle_transformers::models::xlm_roberta::{Config, XLMRobertaModel};
use serde::Deserialize;

use super::{Architecture, Computation, Graph, activation, backbone, check_heads, check_positions};
use crate::Result;
use crate::configuration::ConfigurationFile;
use crate::cpu::{Activation, PackedShape};
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
    // Positions are counted from the number behind the padding token's id.
    let first_position = config.pad_token_id as usize + 1;
    let shape = PackedShape {
        vocabulary: config.vocab_size,
        width: config.hidden_size,
        layers: config.num_hidden_layers,
        heads: config.num_attention_heads,
        inner: config.intermediate_size,
        positions: config.max_position_embeddings,
        first_position,
        segments: config.type_vocab_size,
        epsilon: config.layer_norm_eps,
        activation: activation(config.hidden_act.as_deref())?,
    };
    let weights = weights.renamed(|name| without_prefix(name, "roberta.").to_owned());
    let backbone = backbone(computation, &shape, weights, |weights| {
        let graph = graph(&shape, config.pad_token_id);
        Ok(Box::new(XlmRoberta(weights.build(|weights| XLMRobertaModel::new(&graph, weights))?)))
    })?;
    Ok(Architecture {
        padding: config.pad_token_id,
        max_tokens: config.max_position_embeddings.saturating_sub(first_position),
        segments: 1,
        ..Architecture::of_shape("xlm-roberta", &shape, computation, backbone)
    })
}

fn graph(shape: &PackedShape, padding: u32) -> Config {
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
            Activation::Gelu => candle_nn::Activation::Gelu,
            Activation::GeluTanh => candle_nn::Activation::GeluPytorchTanh,
            Activation::Relu => candle_nn::Activation::Relu,
        },
        pad_token_id: padding,
        position_embedding_type: "absolute".to_owned(),
        // Act in training only.
        attention_probs_dropout_prob: 0.0,
        hidden_dropout_prob: 0.0,
    }
}

struct XlmRoberta(XLMRobertaModel);

impl Graph for XlmRoberta {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        self.0.forward(&batch.ids, &batch.mask, &batch.segments, None, None, None)
    }
}
