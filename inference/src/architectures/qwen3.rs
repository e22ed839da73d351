//! Qwen3, the decoder behind Qwen3-Embedding. Each token sees those before it only, so padding on the right needs no
//! mask.

use candle_core::Tensor;
use candle_nn::Activation;
use candle_transformers::models::qwen3::{Config, Model};
use serde::Deserialize;

use super::{Architecture, Backbone, Graph, RopeParameters, check_heads};
use crate::configuration::ConfigurationFile;
use crate::token_batch::TokenBatch;
use crate::weights::{Weights, without_prefix};
use crate::{Error, Precision, Result};

/// The keys of `config.json` that decide the graph; the defaults are transformers'. Version 5 of transformers moved
/// `rope_theta` into `rope_parameters`.
#[derive(Deserialize)]
struct Qwen3Config {
    vocab_size: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    num_key_value_heads: Option<usize>,
    #[serde(default = "head_dim")]
    head_dim: usize,
    max_position_embeddings: usize,
    rms_norm_eps: f64,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    use_sliding_window: bool,
    hidden_act: Option<String>,
    rope_theta: Option<f64>,
    rope_scaling: Option<RopeParameters>,
    rope_parameters: Option<RopeParameters>,
    pad_token_id: Option<u32>,
}

fn head_dim() -> usize {
    128
}

pub(super) fn load(file: &ConfigurationFile<'_>, weights: Weights) -> Result<Architecture> {
    let config: Qwen3Config = file.parse()?;
    let key_value_heads = config.num_key_value_heads.unwrap_or(config.num_attention_heads);
    check_heads(file, config.num_attention_heads, key_value_heads)?;
    config.check_variant()?;
    let graph = Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        intermediate_size: config.intermediate_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        head_dim: config.head_dim,
        attention_bias: config.attention_bias,
        num_key_value_heads: key_value_heads,
        max_position_embeddings: config.max_position_embeddings,
        sliding_window: None,
        max_window_layers: 0,
        tie_word_embeddings: true,
        rope_theta: config.theta(),
        rms_norm_eps: config.rms_norm_eps,
        use_sliding_window: false,
        hidden_act: Activation::Silu,
    };
    let weights = weights.renamed(|name| format!("model.{}", without_prefix(name, "model.")));
    Ok(Architecture {
        name: "qwen3",
        backbone: Backbone::Graph(Box::new(Qwen3(weights.build(|weights| Model::new(&graph, weights))?))),
        precision: Precision::F32,
        hidden_size: config.hidden_size,
        vocabulary_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        padding: config.pad_token_id.unwrap_or_default(),
        segments: 1,
    })
}

impl Qwen3Config {
    fn check_variant(&self) -> Result<()> {
        if self.use_sliding_window {
            return Err(Error::UnsupportedModel("Qwen3 with a sliding window".to_owned()));
        }
        if let Some(other) = self.hidden_act.as_deref().filter(|name| *name != "silu") {
            return Err(Error::UnsupportedModel(format!("the activation {other}")));
        }
        self.rope_scaling.iter().chain(&self.rope_parameters).try_for_each(RopeParameters::check)
    }

    fn theta(&self) -> f64 {
        let nested = self.rope_parameters.as_ref().and_then(|parameters| parameters.rope_theta);
        nested.or(self.rope_theta).unwrap_or(10_000.0)
    }
}

struct Qwen3(Model);

impl Graph for Qwen3 {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        // The graph keeps the keys and values of earlier calls for generation. A clone shares the weights and starts
        // without any.
        self.0.clone().forward(&batch.ids, 0)
    }
}
