//! The encoder stack over packed tokens.

use candle_core::{DType, Module, Result, Tensor};
use candle_nn::{LayerNorm, Linear};

use super::attention::attend;
use super::places::Places;
use crate::architectures::Graph;
use crate::cpu::{Activation, PackedShape};
use crate::token_batch::TokenBatch;
use crate::weights::Weights;
use crate::{Error, Precision};

/// BERT's encoder (Devlin and others 2019) on the device of its weights.
pub(crate) struct PackedGraph {
    shape: PackedShape,
    dtype: DType,
    /// Each `[rows, width]`.
    tokens: Tensor,
    positions: Tensor,
    segments: Tensor,
    norm: LayerNorm,
    layers: Vec<Layer>,
}

struct Layer {
    /// Query, key and value side by side.
    projection: Linear,
    attention_output: Linear,
    attention_norm: LayerNorm,
    inner: Linear,
    output: Linear,
    output_norm: LayerNorm,
}

/// Weights by BERT's names, in the type that is computed in.
struct Source<'a> {
    weights: &'a Weights,
    shape: PackedShape,
    dtype: DType,
}

impl PackedGraph {
    /// # Errors
    /// [`Error::ModelFile`] naming a tensor that is missing or of another shape; [`Error::InvalidOption`] for a precision that
    /// cards do not have; [`Error::Inference`] when the device has no room.
    pub(crate) fn load(shape: PackedShape, weights: &Weights, precision: Precision) -> crate::Result<Self> {
        let source = Source { weights, shape, dtype: dtype(precision)? };
        let layers = (0..shape.layers).map(|number| source.layer(&format!("encoder.layer.{number}")));
        Ok(Self {
            tokens: source.table("word", shape.vocabulary)?,
            positions: source.table("position", shape.positions)?,
            segments: source.table("token_type", shape.segments)?,
            norm: source.norm("embeddings.LayerNorm")?,
            layers: layers.collect::<crate::Result<_>>()?,
            dtype: source.dtype,
            shape,
        })
    }

    /// `[tokens, width]`.
    fn embed(&self, batch: &TokenBatch) -> Result<Tensor> {
        let first = self.shape.first_position;
        let (mut tokens, mut positions, mut segments) = (Vec::new(), Vec::new(), Vec::new());
        for &(place, token, segment) in &batch.packed {
            tokens.push(token);
            positions.push((first + place) as u32);
            segments.push(segment);
        }
        let rows = |table: &Tensor, rows: Vec<u32>| {
            let count = rows.len();
            table.index_select(&Tensor::from_vec(rows, count, table.device())?, 0)
        };
        let sum = (rows(&self.tokens, tokens)? + rows(&self.segments, segments)?)?;
        self.norm.forward(&(sum + rows(&self.positions, positions)?)?)
    }
}

impl Graph for PackedGraph {
    fn hidden_states(&self, batch: &TokenBatch) -> Result<Tensor> {
        let places = Places::of(batch, self.dtype)?;
        let mut hidden = self.embed(batch)?;
        for layer in &self.layers {
            hidden = layer.forward(&hidden, self.shape, &places)?;
        }
        let padded = places.pad(&hidden)?.to_dtype(DType::F32)?;
        padded.reshape((places.texts, places.longest, self.shape.width))
    }
}

impl Layer {
    fn forward(&self, hidden: &Tensor, shape: PackedShape, places: &Places) -> Result<Tensor> {
        let mixed = attend(&self.projection.forward(hidden)?, shape.heads, places)?;
        let hidden = self.attention_norm.forward(&(self.attention_output.forward(&mixed)? + hidden)?)?;
        let inner = activate(shape.activation, &self.inner.forward(&hidden)?)?;
        self.output_norm.forward(&(self.output.forward(&inner)? + &hidden)?)
    }
}

/// The type of weights and of everything between them. Products are summed in single precision in any case.
fn dtype(precision: Precision) -> crate::Result<DType> {
    match precision {
        Precision::F32 => Ok(DType::F32),
        Precision::F16 => Ok(DType::F16),
        Precision::Bf16 => Ok(DType::BF16),
        Precision::Int8 => Err(Error::InvalidOption {
            name: "precision",
            reason: "a card computes in f32, f16 or bf16, not in int8".to_owned(),
        }),
    }
}

fn activate(activation: Activation, values: &Tensor) -> Result<Tensor> {
    match activation {
        Activation::Gelu => values.gelu_erf(),
        Activation::GeluTanh => values.gelu(),
        Activation::Relu => values.relu(),
    }
}

impl Source<'_> {
    fn layer(&self, name: &str) -> crate::Result<Layer> {
        let PackedShape { width, inner, .. } = self.shape;
        Ok(Layer {
            projection: self.projection(name)?,
            attention_output: self.linear(&format!("{name}.attention.output.dense"), width, width)?,
            attention_norm: self.norm(&format!("{name}.attention.output.LayerNorm"))?,
            inner: self.linear(&format!("{name}.intermediate.dense"), inner, width)?,
            output: self.linear(&format!("{name}.output.dense"), width, inner)?,
            output_norm: self.norm(&format!("{name}.output.LayerNorm"))?,
        })
    }

    fn projection(&self, layer: &str) -> crate::Result<Linear> {
        let width = self.shape.width;
        let part = |part: &str, shape: &[usize]| {
            ["query", "key", "value"]
                .map(|name| self.tensor(&format!("{layer}.attention.self.{name}.{part}"), shape))
                .into_iter()
                .collect::<crate::Result<Vec<Tensor>>>()
        };
        let weight = Tensor::cat(&part("weight", &[width, width])?, 0)?;
        Ok(Linear::new(weight, Some(Tensor::cat(&part("bias", &[width])?, 0)?)))
    }

    fn linear(&self, name: &str, outputs: usize, inputs: usize) -> crate::Result<Linear> {
        let weight = self.tensor(&format!("{name}.weight"), &[outputs, inputs])?;
        Ok(Linear::new(weight, Some(self.tensor(&format!("{name}.bias"), &[outputs])?)))
    }

    fn norm(&self, name: &str) -> crate::Result<LayerNorm> {
        let names = self.weights.layer_norm_names(name);
        let [weight, bias] = names.map(|name| self.tensor(&name, &[self.shape.width]));
        Ok(LayerNorm::new(weight?, bias?, self.shape.epsilon))
    }

    fn table(&self, name: &str, rows: usize) -> crate::Result<Tensor> {
        self.tensor(&format!("embeddings.{name}_embeddings.weight"), &[rows, self.shape.width])
    }

    fn tensor(&self, name: &str, shape: &[usize]) -> crate::Result<Tensor> {
        Ok(self.weights.tensor(name, shape)?.to_dtype(self.dtype)?)
    }
}
