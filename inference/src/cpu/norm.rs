//! Layer normalisation of rows, with the sum that stands before it.

use pulp::NullaryFnOnce;

use super::ARCH;

/// Ba, Kiros and Hinton 2016.
pub(super) struct LayerNorm {
    pub(super) weight: Vec<f32>,
    pub(super) bias: Vec<f32>,
    pub(super) epsilon: f32,
}

impl LayerNorm {
    /// `rows` become the normalised sums of `rows` and `added`, both of whole rows.
    pub(super) fn add_and_normalize(&self, rows: &mut [f32], added: &[f32]) {
        ARCH.dispatch(Normalize { norm: self, rows, added });
    }
}

struct Normalize<'a> {
    norm: &'a LayerNorm,
    rows: &'a mut [f32],
    added: &'a [f32],
}

impl NullaryFnOnce for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.norm.weight.len();
        for (row, added) in self.rows.chunks_exact_mut(width).zip(self.added.chunks_exact(width)) {
            row.iter_mut().zip(added).for_each(|(value, added)| *value += added);
            let mean = sum(row, |value| value) / width as f32;
            let variance = sum(row, |value| (value - mean) * (value - mean)) / width as f32;
            let scale = 1.0 / (variance + self.norm.epsilon).sqrt();
            let parameters = self.norm.weight.iter().zip(&self.norm.bias);
            for (value, (weight, bias)) in row.iter_mut().zip(parameters) {
                *value = (*value - mean) * scale * weight + bias;
            }
        }
    }
}

/// So many partial sums stand side by side in vector registers: several of these, so that no addition waits for the one
/// before.
const PARTS: usize = 64;

#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<PARTS>();
    let mut sums = [0.0_f32; PARTS];
    for chunk in chunks {
        for part in 0..PARTS {
            sums[part] += of(chunk[part]);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}
