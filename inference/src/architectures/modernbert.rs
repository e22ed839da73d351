//! ModernBERT: rotary positions, layers that see a window around each token between layers that see everything.

use std::collections::HashMap;

use candle_core::Tensor;
use candle_transformers::models::modernbert::{Config, ModernBert};
use serde::Deserialize;

use super::{Architecture, Backbone, Graph, RopeParameters, check_heads};
use crate::configuration::ConfigurationFile;
use crate::token_batch::TokenBatch;
use crate::weights::{Weights, without_prefix};
use crate::{Error, Precision, Result};

/// The keys of `config.json` that decide the graph; the defaults are transformers'. Version 5 of transformers replaced
/// `global_attn_every_n_layers` by `layer_types` and the two thetas by `rope_parameters`.
#[derive(Deserialize)]
struct ModernBertConfig {
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    local_attention: usize,
    #[serde(default = "norm_eps")]
    norm_eps: f64,
    #[serde(default)]
    pad_token_id: Option<u32>,
    #[serde(default)]
    hidden_activation: Option<String>,
    #[serde(default)]
    attention_bias: bool,
    #[serde(default)]
    mlp_bias: bool,
    #[serde(default)]
    norm_bias: bool,
    #[serde(default)]
    global_attn_every_n_layers: Option<usize>,
    #[serde(default)]
    layer_types: Option<Vec<String>>,
    #[serde(default)]
    global_rope_theta: Option<f64>,
    #[serde(default)]
    local_rope_theta: Option<f64>,
    #[serde(default)]
    rope_parameters: HashMap<String, RopeParameters>,
}

fn norm_eps() -> f64 {
    1e-5
}

pub(super) fn load(file: &ConfigurationFile<'_>, weights: Weights) -> Result<Architecture> {
    let config: ModernBertConfig = file.parse()?;
    check_heads(file, config.hidden_size, config.num_attention_heads)?;
    config.check_variant()?;
    let graph = Config {
        vocab_size: config.vocab_size,
        hidden_size: config.hidden_size,
        num_hidden_layers: config.num_hidden_layers,
        num_attention_heads: config.num_attention_heads,
        intermediate_size: config.intermediate_size,
        max_position_embeddings: config.max_position_embeddings,
        layer_norm_eps: config.norm_eps,
        pad_token_id: config.pad_token_id.unwrap_or_default(),
        global_attn_every_n_layers: config.global_attention_interval()?,
        global_rope_theta: config.theta("full_attention", config.global_rope_theta, 160_000.0)?,
        local_attention: config.local_attention,
        local_rope_theta: config.theta("sliding_attention", config.local_rope_theta, 10_000.0)?,
        classifier_config: None,
    };
    let weights = weights.renamed(|name| format!("model.{}", without_prefix(name, "model.")));
    check_norms(&weights, config.num_hidden_layers)?;
    Ok(Architecture {
        name: "modernbert",
        backbone: Backbone::Graph(Box::new(ModernBertBackbone(
            weights.build(|weights| ModernBert::load(weights, &graph))?,
        ))),
        precision: Precision::F32,
        hidden_size: config.hidden_size,
        vocabulary_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        padding: graph.pad_token_id,
        segments: 1,
    })
}

impl ModernBertConfig {
    fn check_variant(&self) -> Result<()> {
        if self.attention_bias || self.mlp_bias || self.norm_bias {
            return Err(Error::UnsupportedModel("ModernBERT with biases".to_owned()));
        }
        match self.hidden_activation.as_deref() {
            None | Some("gelu") => Ok(()),
            Some(other) => Err(Error::UnsupportedModel(format!("the activation {other}"))),
        }
    }

    /// Every how many layers, from the first one on, a layer sees everything.
    fn global_attention_interval(&self) -> Result<usize> {
        let Some(types) = &self.layer_types else {
            return Ok(self.global_attn_every_n_layers.unwrap_or(3).max(1));
        };
        let is_global = |kind: &String| kind == "full_attention";
        let interval = types.iter().skip(1).position(is_global).map_or(types.len().max(1), |index| index + 1);
        let regular = |(layer, kind): (usize, &String)| is_global(kind) == layer.is_multiple_of(interval);
        if types.len() != self.num_hidden_layers || !types.iter().enumerate().all(regular) {
            return Err(Error::UnsupportedModel("ModernBERT with irregular layer types".to_owned()));
        }
        Ok(interval)
    }

    fn theta(&self, layer_type: &str, older_key: Option<f64>, default: f64) -> Result<f64> {
        let parameters = self.rope_parameters.get(layer_type);
        parameters.map_or(Ok(()), RopeParameters::check)?;
        Ok(parameters.and_then(|parameters| parameters.rope_theta).or(older_key).unwrap_or(default))
    }
}

/// The graph takes an absent attention norm for an intended one, which is right for the first layer only.
fn check_norms(weights: &Weights, layers: usize) -> Result<()> {
    let name = |layer: usize| format!("model.layers.{layer}.attn_norm.weight");
    match (1..layers).map(name).find(|name| !weights.contains(name)) {
        Some(absent) => Err(weights.malformed(format!("lacks the tensor {absent}"))),
        None => Ok(()),
    }
}

struct ModernBertBackbone(ModernBert);

impl Graph for ModernBertBackbone {
    fn hidden_states(&self, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        self.0.forward(&batch.ids, &batch.mask)
    }
}
