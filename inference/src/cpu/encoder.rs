//! The encoder stack over packed tokens.

use std::cell::RefCell;

use candle_core::{Result, Tensor};

use super::attention::{Room, attend};
use super::functions::Activation;
use super::linear::Linear;
use super::norm::LayerNorm;
use crate::architectures::Backbone;
use crate::token_batch::TokenBatch;
use crate::weights::Weights;

/// The sizes of a model of the BERT family.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PackedShape {
    pub(crate) vocabulary: usize,
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    /// Values between the two layers of a feed-forward block.
    pub(crate) inner: usize,
    /// Rows of the position embedding.
    pub(crate) positions: usize,
    /// The row of a text's first token.
    pub(crate) first_position: usize,
    /// Rows of the segment embedding.
    pub(crate) segments: usize,
    pub(crate) epsilon: f32,
    pub(crate) activation: Activation,
}

/// BERT's encoder (Devlin and others 2019); its weights by BERT's names.
pub(crate) struct PackedEncoder {
    shape: PackedShape,
    tokens: Vec<f32>,
    positions: Vec<f32>,
    segments: Vec<f32>,
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

/// Room to work in, one for each thread, so that a call allocates nothing but its result once it has grown.
#[derive(Default)]
struct Workspace {
    hidden: Vec<f32>,
    projected: Vec<f32>,
    mixed: Vec<f32>,
    inner: Vec<f32>,
    added: Vec<f32>,
    columns: Vec<f32>,
    room: Room,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl PackedEncoder {
    /// # Errors
    /// [`Error::ModelFile`](crate::Error::ModelFile) naming a tensor that is missing or of another shape.
    pub(crate) fn load(shape: PackedShape, weights: &Weights) -> crate::Result<Self> {
        let width = shape.width;
        let table = |name: &str, rows: usize| {
            weights.values(&format!("embeddings.{name}_embeddings.weight"), &[rows, width])
        };
        let layers =
            (0..shape.layers).map(|number| Layer::load(&shape, weights, &format!("encoder.layer.{number}")));
        Ok(Self {
            tokens: table("word", shape.vocabulary)?,
            positions: table("position", shape.positions)?,
            segments: table("token_type", shape.segments)?,
            norm: layer_norm(&shape, weights, "embeddings.LayerNorm")?,
            layers: layers.collect::<crate::Result<_>>()?,
            shape,
        })
    }

    /// `work.hidden` becomes the last hidden states, `[tokens, width]`.
    fn compute(&self, batch: &TokenBatch, work: &mut Workspace) {
        self.embed(batch, work);
        for layer in &self.layers {
            layer.compute(batch, self.shape, work);
        }
    }

    fn embed(&self, batch: &TokenBatch, work: &mut Workspace) {
        let width = self.shape.width;
        work.hidden.clear();
        work.added.clear();
        for (place, token, segment) in batch.packed_tokens() {
            work.hidden.extend_from_slice(row_of(&self.tokens, token as usize, width));
            let position = row_of(&self.positions, self.shape.first_position + place, width);
            let segment = row_of(&self.segments, segment as usize, width);
            work.added.extend(position.iter().zip(segment).map(|(position, segment)| position + segment));
        }
        self.norm.add_and_normalize(&mut work.hidden, &work.added);
    }
}

impl Backbone for PackedEncoder {
    fn hidden_states(&self, batch: &TokenBatch) -> Result<Tensor> {
        WORKSPACE.with_borrow_mut(|work| {
            self.compute(batch, work);
            batch.pad(&work.hidden, self.shape.width)
        })
    }
}

impl Layer {
    fn load(shape: &PackedShape, weights: &Weights, name: &str) -> crate::Result<Self> {
        let &PackedShape { width, inner, .. } = shape;
        let mut weight = Vec::with_capacity(3 * width * width);
        let mut bias = Vec::with_capacity(3 * width);
        for part in ["query", "key", "value"] {
            weight.extend(weights.values(&format!("{name}.attention.self.{part}.weight"), &[width, width])?);
            bias.extend(weights.values(&format!("{name}.attention.self.{part}.bias"), &[width])?);
        }
        let linear = |part: &str, outputs: usize, inputs: usize| -> crate::Result<Linear> {
            let weight = weights.values(&format!("{name}.{part}.dense.weight"), &[outputs, inputs])?;
            Ok(Linear::pack(&weight, &weights.values(&format!("{name}.{part}.dense.bias"), &[outputs])?))
        };
        Ok(Self {
            projection: Linear::pack(&weight, &bias),
            attention_output: linear("attention.output", width, width)?,
            attention_norm: layer_norm(shape, weights, &format!("{name}.attention.output.LayerNorm"))?,
            inner: linear("intermediate", inner, width)?,
            output: linear("output", width, inner)?,
            output_norm: layer_norm(shape, weights, &format!("{name}.output.LayerNorm"))?,
        })
    }

    fn compute(&self, batch: &TokenBatch, shape: PackedShape, work: &mut Workspace) {
        let Workspace { hidden, projected, mixed, inner, added, columns, room } = work;
        self.projection.apply(hidden, projected, columns);
        mixed.resize(hidden.len(), 0.0);
        let mut start = 0;
        for tokens in batch.lengths() {
            let end = start + tokens * shape.width;
            attend(&projected[3 * start..3 * end], *tokens, shape.heads, &mut mixed[start..end], room);
            start = end;
        }
        self.attention_output.apply(mixed, added, columns);
        self.attention_norm.add_and_normalize(hidden, added);
        self.inner.apply(hidden, inner, columns);
        shape.activation.apply(inner);
        self.output.apply(inner, added, columns);
        self.output_norm.add_and_normalize(hidden, added);
    }
}

fn layer_norm(shape: &PackedShape, weights: &Weights, name: &str) -> crate::Result<LayerNorm> {
    // Checkpoints converted from TensorFlow say gamma and beta.
    let values = |part: &str, older: &str| {
        let older = format!("{name}.{older}");
        let part = if weights.contains(&older) { older } else { format!("{name}.{part}") };
        weights.values(&part, &[shape.width])
    };
    Ok(LayerNorm {
        weight: values("weight", "gamma")?,
        bias: values("bias", "beta")?,
        epsilon: shape.epsilon,
    })
}

fn row_of(table: &[f32], row: usize, width: usize) -> &[f32] {
    &table[row * width..(row + 1) * width]
}
