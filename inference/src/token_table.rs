//! A static token table: one row of numbers per token, plain slices.

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::configuration::inside;
use crate::{Error, ModelFiles, Result};

/// Rows of `dimension` values. A token's vector is its row times its weight.
pub(crate) struct TokenTable {
    values: Vec<f32>,
    dimension: usize,
    /// The row of each token where several share one (Model2Vec's vocabulary quantisation).
    rows: Option<Vec<u32>>,
    /// A factor per token, where they are stored apart.
    weights: Option<Vec<f32>>,
}

/// A table as its file has it.
pub(crate) struct StoredTable {
    pub(crate) table: TokenTable,
    /// Saved by Model2Vec, whose rules for tokenizing then apply, or by sentence-transformers.
    pub(crate) by_model2vec: bool,
}

impl StoredTable {
    /// Reads `folder/model.safetensors`: the tensor `embedding.weight` as sentence-transformers names it, or Model2Vec's
    /// `embeddings` with optional `mapping` and `weights`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when the file is malformed or its tensors do not fit together.
    pub(crate) fn read(files: &ModelFiles, folder: &str) -> Result<Self> {
        let relative = inside(folder, "model.safetensors");
        let bytes = files.read(&relative)?;
        Self::parse(&bytes).map_err(|reason| Error::model_file(&files.folder().join(&relative), reason))
    }

    fn parse(bytes: &[u8]) -> std::result::Result<Self, String> {
        let file = SafeTensors::deserialize(bytes).map_err(|error| format!("malformed: {error}"))?;
        let (view, by_model2vec) = match (file.tensor("embedding.weight"), file.tensor("embeddings")) {
            (Ok(view), _) => (view, false),
            (_, Ok(view)) => (view, true),
            _ => return Err("has neither the tensor embedding.weight nor embeddings".to_owned()),
        };
        let [count, dimension] = view.shape() else {
            return Err(format!("the token table has the shape {:?}", view.shape()));
        };
        let table = TokenTable {
            values: floats(&view)?,
            dimension: *dimension,
            rows: optional(&file, "mapping", by_model2vec).map(|view| integers(&view)).transpose()?,
            weights: optional(&file, "weights", by_model2vec).map(|view| floats(&view)).transpose()?,
        };
        table.check(*count)?;
        Ok(Self { table, by_model2vec })
    }
}

impl TokenTable {
    /// Values per row.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// Token ids must be smaller.
    pub(crate) fn token_count(&self) -> usize {
        let own = self.values.len() / self.dimension;
        let mapped = self.rows.as_ref().map_or(own, Vec::len);
        self.weights.as_ref().map_or(mapped, |weights| weights.len().min(mapped))
    }

    /// Keeps the first `dimension` values of each row.
    pub(crate) fn truncated(mut self, dimension: usize) -> Self {
        if dimension < self.dimension {
            let kept =
                self.values.chunks_exact(self.dimension).flat_map(|row| row[..dimension].iter().copied());
            self.values = kept.collect();
            self.dimension = dimension;
        }
        self
    }

    /// The sum of the tokens' vectors, `[dimension]`: the direction of their mean. Ids outside the table are skipped.
    pub(crate) fn sum(&self, token_ids: &[u32]) -> Vec<f32> {
        let mut sum = vec![0.0; self.dimension];
        for id in token_ids {
            let Some((row, weight)) = self.row(*id as usize) else { continue };
            for (total, value) in sum.iter_mut().zip(row) {
                *total += weight * value;
            }
        }
        sum
    }

    fn row(&self, token: usize) -> Option<(&[f32], f32)> {
        let row = match &self.rows {
            Some(rows) => *rows.get(token)? as usize,
            None => token,
        };
        let weight = match &self.weights {
            Some(weights) => *weights.get(token)?,
            None => 1.0,
        };
        let start = row.checked_mul(self.dimension)?;
        Some((self.values.get(start..start + self.dimension)?, weight))
    }

    fn check(&self, count: usize) -> std::result::Result<(), String> {
        if self.dimension == 0 || count == 0 {
            return Err("the token table is empty".to_owned());
        }
        if self.values.iter().chain(self.weights.iter().flatten()).any(|value| !value.is_finite()) {
            return Err("the token table holds a value that is not finite".to_owned());
        }
        let beyond = |rows: &Vec<u32>| rows.iter().copied().find(|row| *row as usize >= count);
        if let Some(row) = self.rows.as_ref().and_then(beyond) {
            return Err(format!("mapping names row {row} of {count}"));
        }
        let tokens = self.rows.as_ref().map_or(count, Vec::len);
        match &self.weights {
            Some(weights) if weights.len() != tokens => {
                Err(format!("{} weights for {tokens} tokens", weights.len()))
            }
            _ => Ok(()),
        }
    }
}

fn optional<'a>(file: &SafeTensors<'a>, name: &str, wanted: bool) -> Option<TensorView<'a>> {
    if wanted { file.tensor(name).ok() } else { None }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "safetensors has types that no token table is made of")]
fn floats(view: &TensorView<'_>) -> std::result::Result<Vec<f32>, String> {
    let data = view.data();
    match view.dtype() {
        Dtype::F32 => Ok(numbers(data, f32::from_le_bytes)),
        Dtype::F16 => Ok(numbers(data, |bytes| half::f16::from_le_bytes(bytes).to_f32())),
        Dtype::BF16 => Ok(numbers(data, |bytes| half::bf16::from_le_bytes(bytes).to_f32())),
        Dtype::F64 => Ok(numbers(data, |bytes| f64::from_le_bytes(bytes) as f32)),
        Dtype::I8 => Ok(numbers(data, |bytes| f32::from(i8::from_le_bytes(bytes)))),
        other => Err(format!("a token table of the type {other} is not supported")),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "safetensors has types that cannot number rows")]
fn integers(view: &TensorView<'_>) -> std::result::Result<Vec<u32>, String> {
    let wide: Vec<i64> = match view.dtype() {
        Dtype::I64 => numbers(view.data(), i64::from_le_bytes),
        Dtype::I32 => numbers(view.data(), |bytes| i64::from(i32::from_le_bytes(bytes))),
        Dtype::U32 => numbers(view.data(), |bytes| i64::from(u32::from_le_bytes(bytes))),
        other => return Err(format!("a mapping of the type {other} is not supported")),
    };
    wide.into_iter().map(|row| u32::try_from(row).map_err(|_| format!("mapping names row {row}"))).collect()
}

/// safetensors is little-endian everywhere.
fn numbers<const WIDTH: usize, T>(data: &[u8], parse: impl Fn([u8; WIDTH]) -> T) -> Vec<T> {
    data.as_chunks::<WIDTH>().0.iter().map(|bytes| parse(*bytes)).collect()
}
