//! DistilBERT: BERT without segment embeddings, its tensors under other names. It runs on BERT's graph with a zero
//! segment embedding; candle-transformers' own DistilBERT takes the approximate GELU where the reference has the exact
//! one.

use candle_core::{DType, Device, Tensor};
use candle_transformers::models::bert::Config;
use serde::Deserialize;

use super::bert::{backbone, graph_activation};
use super::{Architecture, Computation, activation, check_heads};
use crate::configuration::ConfigurationFile;
use crate::weights::{Weights, without_prefix};
use crate::{Error, Result};

/// The keys of `config.json` that decide the graph.
#[derive(Deserialize)]
struct DistilBertConfig {
    vocab_size: usize,
    dim: usize,
    n_layers: usize,
    n_heads: usize,
    hidden_dim: usize,
    max_position_embeddings: usize,
    #[serde(default)]
    activation: Option<String>,
    #[serde(default)]
    pad_token_id: Option<u32>,
}

/// DistilBERT's name of a layer's part, and BERT's.
const RENAMED_PARTS: [(&str, &str); 8] = [
    ("attention.q_lin", "attention.self.query"),
    ("attention.k_lin", "attention.self.key"),
    ("attention.v_lin", "attention.self.value"),
    ("attention.out_lin", "attention.output.dense"),
    ("sa_layer_norm", "attention.output.LayerNorm"),
    ("ffn.lin1", "intermediate.dense"),
    ("ffn.lin2", "output.dense"),
    ("output_layer_norm", "output.LayerNorm"),
];

pub(super) fn load(
    file: &ConfigurationFile<'_>,
    weights: Weights,
    computation: Computation,
) -> Result<Architecture> {
    let config: DistilBertConfig = file.parse()?;
    check_heads(file, config.dim, config.n_heads)?;
    let activation = activation(config.activation.as_deref())?;
    let graph = Config {
        vocab_size: config.vocab_size,
        hidden_size: config.dim,
        num_hidden_layers: config.n_layers,
        num_attention_heads: config.n_heads,
        intermediate_size: config.hidden_dim,
        max_position_embeddings: config.max_position_embeddings,
        type_vocab_size: 1,
        // Fixed in the reference.
        layer_norm_eps: 1e-12,
        hidden_act: graph_activation(activation),
        ..Config::default()
    };
    let mut weights = weights.renamed(bert_name);
    let no_segments = Tensor::zeros((1, config.dim), DType::F32, &Device::Cpu)
        .map_err(|error| Error::Inference(error.to_string()))?;
    weights.insert("embeddings.token_type_embeddings.weight", no_segments);
    Ok(Architecture {
        name: "distilbert",
        backbone: backbone(weights, &graph, activation, computation)?,
        hidden_size: config.dim,
        vocabulary_size: config.vocab_size,
        max_tokens: config.max_position_embeddings,
        padding: config.pad_token_id.unwrap_or_default(),
        segments: 1,
    })
}

fn bert_name(name: &str) -> String {
    let name = without_prefix(name, "distilbert.");
    let Some(layer) = name.strip_prefix("transformer.") else {
        return name.to_owned();
    };
    let renamed = RENAMED_PARTS.iter().find(|(theirs, _)| layer.contains(&format!(".{theirs}.")));
    let layer = renamed.map_or_else(|| layer.to_owned(), |(theirs, ours)| layer.replace(theirs, ours));
    format!("encoder.{layer}")
}
