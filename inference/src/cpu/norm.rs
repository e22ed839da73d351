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

/// In sixteen partial sums, which vector instructions keep side by side.
#[inline(always)]
fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let (chunks, rest) = values.as_chunks::<16>();
    let mut sums = [0.0_f32; 16];
    for chunk in chunks {
        for lane in 0..16 {
            sums[lane] += of(chunk[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}
