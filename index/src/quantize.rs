//! Unit vectors to small integers: rows to int8, queries to 12 bits. Only the scan and the graph see these;
//! what leaves the crate is computed from the f32 values.
//!
//! A row's code is `round(value / scale)` with `scale = greatest |value| / 127`. The rounding error of an
//! approximate similarity then has a standard deviation of about `scale / √12`, 0.0004 at 384 dimensions.

use bytemuck::Zeroable;

use crate::dot::{Codes, LANE, Weights};

/// Finer than a row's 127 at no cost: the multiplication is 16 bits wide anyway.
const QUERY_RANGE: f32 = 2047.0;
const ROW_RANGE: f32 = 127.0;

/// A query ready to be multiplied with rows' codes.
pub(crate) struct QuantizedQuery {
    /// As many as a row has [`Codes`].
    pub(crate) weights: Vec<Weights>,
}

impl QuantizedQuery {
    /// Scores made with it are proportional to the cosine: comparable with one another, not with other queries'.
    pub(crate) fn new(unit: &[f32]) -> Self {
        let step = greatest(unit) / QUERY_RANGE;
        let mut weights = vec![Weights::zeroed(); lanes(unit.len())];
        let flat: &mut [i16] = bytemuck::cast_slice_mut(&mut weights);
        for (weight, value) in flat.iter_mut().zip(unit) {
            *weight = rounded(value / step) as i16;
        }
        Self { weights }
    }
}

/// Appends one row's codes and returns their scale.
pub(crate) fn quantize_row(unit: &[f32], codes: &mut Vec<Codes>) -> f32 {
    let scale = greatest(unit) / ROW_RANGE;
    let start = codes.len();
    codes.resize(start + lanes(unit.len()), Codes::zeroed());
    let flat: &mut [i8] = bytemuck::cast_slice_mut(&mut codes[start..]);
    for (code, value) in flat.iter_mut().zip(unit) {
        *code = rounded(value / scale) as i8;
    }
    scale
}

/// [`Codes`] in a row of this dimension.
pub(crate) fn lanes(dimension: usize) -> usize {
    dimension.div_ceil(LANE)
}

fn greatest(unit: &[f32]) -> f32 {
    unit.iter().fold(0.0, |greatest: f32, value| greatest.max(value.abs()))
}

// Half away from zero once the cast cuts it off; `f32::round` is a function call on plain x86-64.
fn rounded(value: f32) -> f32 {
    value + 0.5_f32.copysign(value)
}
