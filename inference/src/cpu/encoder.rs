//! The encoder stack over packed tokens.

use std::cell::RefCell;
use std::thread;

use half::f16;
use half::slice::HalfFloatSliceExt;

use super::attention::{AttentionRoom, attend};
use super::functions::Activation;
use super::instructions::Instructions;
use super::linear::{BLOCK, Linear, LinearRoom};
use super::norm::LayerNorm;
use super::product::{Outputs, room_for};
use crate::pooling::Pooling;
use crate::token_batch::TokenRow;
use crate::weights::Weights;
use crate::{Error, Precision};

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
    pub(crate) epsilon: f64,
    pub(crate) activation: Activation,
}

/// BERT's encoder (Devlin and others 2019); its weights by BERT's names.
pub(crate) struct PackedEncoder {
    shape: PackedShape,
    tokens: TokenRows,
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

/// The token embedding, the largest part of a small model. In fewer bits than single precision it is kept in f16, which
/// changes a vector less than the rounding of the layers does.
enum TokenRows {
    Single(Vec<f32>),
    Half(Vec<f16>),
}

impl TokenRows {
    fn new(values: Vec<f32>, precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::Single(values),
            Precision::F16 | Precision::Bf16 | Precision::Int8 => {
                let mut half = vec![f16::ZERO; values.len()];
                half.convert_from_f32_slice(&values);
                Self::Half(half)
            }
        }
    }

    /// `row` becomes the row of `token`.
    fn copy(&self, token: usize, row: &mut [f32]) {
        match self {
            Self::Single(values) => row.copy_from_slice(row_of(values, token, row.len())),
            Self::Half(values) => row_of(values, token, row.len()).convert_to_f32_slice(row),
        }
    }
}

/// Room to work in, one for each thread, so that a call allocates nothing but its result once it has grown.
struct Workspace {
    hidden: Outputs,
    /// What is added to the token embeddings.
    places: Outputs,
    between: Between,
}

/// What a layer computes of a block, before its hidden states.
struct Between {
    projected: Outputs,
    mixed: Outputs,
    inner: Outputs,
    added: Outputs,
    linear: LinearRoom,
    attention: AttentionRoom,
}

impl Default for Workspace {
    fn default() -> Self {
        let [hidden, places, projected, mixed, inner, added] = [(); 6].map(|()| Outputs::new(64));
        let (linear, attention) = (LinearRoom::default(), AttentionRoom::default());
        Self { hidden, places, between: Between { projected, mixed, inner, added, linear, attention } }
    }
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl PackedEncoder {
    /// # Errors
    /// [`Error::ModelFile`] naming a tensor that is missing or of another shape, [`Error::InvalidOption`] when the processor
    /// has no instructions for `precision`.
    pub(crate) fn load(shape: PackedShape, weights: &Weights, precision: Precision) -> crate::Result<Self> {
        let packing = Packing::new(precision)?;
        let width = shape.width;
        let table = |name: &str, rows: usize| {
            weights.values(&format!("embeddings.{name}_embeddings.weight"), &[rows, width])
        };
        Ok(Self {
            tokens: TokenRows::new(table("word", shape.vocabulary)?, precision),
            positions: table("position", shape.positions)?,
            segments: table("token_type", shape.segments)?,
            norm: layer_norm(&shape, weights, "embeddings.LayerNorm")?,
            layers: Layer::load_all(&shape, weights, packing)?,
            shape,
        })
    }

    /// The pooled hidden states of each row, `width` values. No row is empty.
    pub(crate) fn pooled(&self, rows: &[TokenRow<'_>], pooling: Pooling) -> Vec<Vec<f32>> {
        WORKSPACE.with_borrow_mut(|work| {
            let mut rest: &[f32] = self.compute(rows, work);
            let pool = |row: &TokenRow<'_>| {
                let (hidden, behind) = rest.split_at(row.len() * self.shape.width);
                rest = behind;
                pooling.pool_packed(hidden, self.shape.width)
            };
            rows.iter().map(pool).collect()
        })
    }

    /// The last hidden states, `[tokens, width]`.
    fn compute<'a>(&self, rows: &[TokenRow<'_>], work: &'a mut Workspace) -> &'a [f32] {
        let Workspace { hidden, places, between } = work;
        let length = rows.iter().map(TokenRow::len).sum::<usize>() * self.shape.width;
        let hidden = room_for(hidden, length);
        self.embed(rows, hidden, room_for(places, length));
        for layer in &self.layers {
            let mut rest = &mut *hidden;
            for texts in blocks(rows) {
                let tokens = texts.iter().map(TokenRow::len).sum::<usize>();
                let (hidden, behind) = rest.split_at_mut(tokens * self.shape.width);
                rest = behind;
                layer.compute(texts, self.shape, hidden, between);
            }
        }
        hidden
    }

    fn embed(&self, rows: &[TokenRow<'_>], hidden: &mut [f32], places: &mut [f32]) {
        let width = self.shape.width;
        let tokens = rows.iter().flat_map(|row| row.tokens().enumerate());
        let sums = hidden.chunks_exact_mut(width).zip(places.chunks_exact_mut(width));
        for ((place, (token, segment)), (hidden, sum)) in tokens.zip(sums) {
            self.tokens.copy(token as usize, hidden);
            let position = row_of(&self.positions, self.shape.first_position + place, width);
            let segment = row_of(&self.segments, segment as usize, width);
            for (sum, (position, segment)) in sum.iter_mut().zip(position.iter().zip(segment)) {
                *sum = position + segment;
            }
        }
        self.norm.add_and_normalize(hidden, places);
    }
}

/// Whole texts of at most [`BLOCK`] tokens together, so that what a layer computes of them stays in a core's second-level
/// cache; a text alone may have more.
fn blocks<'a, 'b>(mut rows: &'a [TokenRow<'b>]) -> impl Iterator<Item = &'a [TokenRow<'b>]> {
    std::iter::from_fn(move || {
        let mut tokens = 0;
        let fits = rows.iter().take_while(|row| {
            tokens += row.len();
            tokens <= BLOCK
        });
        let (block, behind) = rows.split_at(fits.count().max(1).min(rows.len()));
        rows = behind;
        (!block.is_empty()).then_some(block)
    })
}

impl Layer {
    /// On as many threads as there are cores: packing takes longer than reading.
    fn load_all(shape: &PackedShape, weights: &Weights, packing: Packing) -> crate::Result<Vec<Self>> {
        let load = |number| Self::load(shape, weights, packing, &format!("encoder.layer.{number}"));
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let numbers: Vec<usize> = (0..shape.layers).collect();
        thread::scope(|scope| {
            let parts = numbers.chunks(numbers.len().div_ceil(threads).max(1));
            let parts: Vec<_> = parts
                .map(|part| scope.spawn(move || part.iter().map(|number| load(*number)).collect::<Vec<_>>()))
                .collect();
            let gone = || vec![Err(Error::Inference("a thread that packs weights ended".to_owned()))];
            parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|_| gone())).collect()
        })
    }

    fn load(shape: &PackedShape, weights: &Weights, packing: Packing, name: &str) -> crate::Result<Self> {
        let &PackedShape { width, inner, .. } = shape;
        let mut weight = Vec::with_capacity(3 * width * width);
        let mut bias = Vec::with_capacity(3 * width);
        for part in ["query", "key", "value"] {
            weight.extend(weights.values(&format!("{name}.attention.self.{part}.weight"), &[width, width])?);
            bias.extend(weights.values(&format!("{name}.attention.self.{part}.bias"), &[width])?);
        }
        let linear = |part: &str, outputs: usize, inputs: usize| -> crate::Result<Linear> {
            let weight = weights.values(&format!("{name}.{part}.dense.weight"), &[outputs, inputs])?;
            Ok(packing.pack(&weight, &weights.values(&format!("{name}.{part}.dense.bias"), &[outputs])?))
        };
        Ok(Self {
            projection: packing.pack(&weight, &bias),
            attention_output: linear("attention.output", width, width)?,
            attention_norm: layer_norm(shape, weights, &format!("{name}.attention.output.LayerNorm"))?,
            inner: linear("intermediate", inner, width)?,
            output: linear("output", width, inner)?,
            output_norm: layer_norm(shape, weights, &format!("{name}.output.LayerNorm"))?,
        })
    }

    /// `hidden` are the states of all tokens of `rows`.
    fn compute(&self, rows: &[TokenRow<'_>], shape: PackedShape, hidden: &mut [f32], between: &mut Between) {
        let Between { projected, mixed, inner, added, linear, attention } = between;
        self.projection.apply(hidden, None, projected, linear);
        mixed.resize(hidden.len(), 0.0);
        let mut start = 0;
        for tokens in rows.iter().map(TokenRow::len) {
            let end = start + tokens * shape.width;
            attend(&projected[3 * start..3 * end], tokens, shape.heads, &mut mixed[start..end], attention);
            start = end;
        }
        self.attention_output.apply(mixed, None, added, linear);
        self.attention_norm.add_and_normalize(hidden, added);
        self.inner.apply(hidden, Some(shape.activation), inner, linear);
        self.output.apply(inner, None, added, linear);
        self.output_norm.add_and_normalize(hidden, added);
    }
}

/// How linear layers are packed.
#[derive(Clone, Copy)]
struct Packing {
    precision: Precision,
    instructions: Instructions,
}

impl Packing {
    fn new(precision: Precision) -> crate::Result<Self> {
        let instructions = Instructions::all(precision).first().copied().ok_or_else(|| {
            let reason = format!("this processor has no instructions for {precision}");
            Error::InvalidOption { name: "precision", reason }
        })?;
        Ok(Self { precision, instructions })
    }

    fn pack(self, weight: &[f32], bias: &[f32]) -> Linear {
        Linear::pack(weight, bias, self.precision, self.instructions)
    }
}

fn layer_norm(shape: &PackedShape, weights: &Weights, name: &str) -> crate::Result<LayerNorm> {
    let [weight, bias] = weights.layer_norm_names(name).map(|name| weights.values(&name, &[shape.width]));
    Ok(LayerNorm { weight: weight?, bias: bias?, epsilon: shape.epsilon as f32 })
}

fn row_of<T>(table: &[T], row: usize, width: usize) -> &[T] {
    &table[row * width..(row + 1) * width]
}
