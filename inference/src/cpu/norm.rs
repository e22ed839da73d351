//! Layer normalisation of rows, with the sum that stands before it.

use pulp::{Simd, WithSimd};

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

impl WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let LayerNorm { weight, bias, epsilon } = self.norm;
        let width = weight.len();
        for (row, added) in self.rows.chunks_exact_mut(width).zip(self.added.chunks_exact(width)) {
            let mean = add(simd, row, added) / width as f32;
            let variance = squares(simd, row, mean) / width as f32;
            scale(simd, row, mean, 1.0 / (variance + epsilon).sqrt(), weight, bias);
        }
    }
}

/// So many partial sums stand side by side, so that no addition waits for the one before.
const PARTS: usize = 4;

/// Adds `added` to `row`; the sum of what it becomes.
#[inline(always)]
fn add<S: Simd>(simd: S, row: &mut [f32], added: &[f32]) -> f32 {
    let ((values, rest), (added, added_rest)) = (S::as_mut_simd_f32s(row), S::as_simd_f32s(added));
    let mut sums = [simd.splat_f32s(0.0); PARTS];
    let ((fours, others), (added_fours, added_others)) =
        (values.as_chunks_mut::<PARTS>(), added.as_chunks::<PARTS>());
    for (values, added) in fours.iter_mut().zip(added_fours) {
        for part in 0..PARTS {
            values[part] = simd.add_f32s(values[part], added[part]);
            sums[part] = simd.add_f32s(sums[part], values[part]);
        }
    }
    for (value, added) in others.iter_mut().zip(added_others) {
        *value = simd.add_f32s(*value, *added);
        sums[0] = simd.add_f32s(sums[0], *value);
    }
    rest.iter_mut().zip(added_rest).for_each(|(value, added)| *value += added);
    total(simd, sums) + rest.iter().sum::<f32>()
}

/// The sum of the squared distances from `mean`.
#[inline(always)]
fn squares<S: Simd>(simd: S, row: &[f32], mean: f32) -> f32 {
    let (values, rest) = S::as_simd_f32s(row);
    let middle = simd.splat_f32s(mean);
    let mut sums = [simd.splat_f32s(0.0); PARTS];
    let (fours, others) = values.as_chunks::<PARTS>();
    for values in fours {
        for part in 0..PARTS {
            let distance = simd.sub_f32s(values[part], middle);
            sums[part] = simd.mul_add_e_f32s(distance, distance, sums[part]);
        }
    }
    for value in others {
        let distance = simd.sub_f32s(*value, middle);
        sums[0] = simd.mul_add_e_f32s(distance, distance, sums[0]);
    }
    total(simd, sums) + rest.iter().map(|value| (value - mean) * (value - mean)).sum::<f32>()
}

/// Each value becomes its distance from `mean` times `scale` and its weight, plus its bias.
#[inline(always)]
fn scale<S: Simd>(simd: S, row: &mut [f32], mean: f32, scale: f32, weight: &[f32], bias: &[f32]) {
    let (values, rest) = S::as_mut_simd_f32s(row);
    let ((weights, weight), (biases, bias)) = (S::as_simd_f32s(weight), S::as_simd_f32s(bias));
    let (means, scales) = (simd.splat_f32s(mean), simd.splat_f32s(scale));
    for (value, (weight, bias)) in values.iter_mut().zip(weights.iter().zip(biases)) {
        let normalized = simd.mul_f32s(simd.sub_f32s(*value, means), scales);
        *value = simd.mul_add_e_f32s(normalized, *weight, *bias);
    }
    for (value, (weight, bias)) in rest.iter_mut().zip(weight.iter().zip(bias)) {
        *value = (*value - mean) * scale * weight + bias;
    }
}

#[inline(always)]
fn total<S: Simd>(simd: S, sums: [S::f32s; PARTS]) -> f32 {
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(sums[0], sums[1]), simd.add_f32s(sums[2], sums[3])))
}
