//! DistilBERT: BERT without segment embeddings, its tensors under other names. It runs on BERT's graph with a zero
//! segment embedding; candle-transformers' own DistilBERT takes the approximate GELU where the reference has the exact
//! one.

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::bert::backbone;
use super::{Architecture, Computation, activation, check_heads};
use crate::configuration::ConfigurationFile;
use crate::cpu::PackedShape;
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
    let shape = PackedShape {
        vocabulary: config.vocab_size,
        width: config.dim,
        layers: config.n_layers,
        heads: config.n_heads,
        inner: config.hidden_dim,
        positions: config.max_position_embeddings,
        first_position: 0,
        segments: 1,
        // Fixed in the reference.
        epsilon: 1e-12,
        activation: activation(config.activation.as_deref())?,
    };
    let mut weights = weights.renamed(bert_name);
    let no_segments = Tensor::zeros((1, config.dim), DType::F32, &Device::Cpu)
        .map_err(|error| Error::Inference(error.to_string()))?;
    weights.insert("embeddings.token_type_embeddings.weight", no_segments);
    let backbone = backbone(weights, &shape, computation)?;
    Ok(Architecture {
        padding: config.pad_token_id.unwrap_or_default(),
        ..Architecture::of_shape("distilbert", &shape, computation, backbone)
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
