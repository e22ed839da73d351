//! Means of the values, weighted with probabilities.

use pulp::Simd;

use super::{Results, Rows};

/// The results of `queries` queries: of each the sum of all `values`, multiplied with its lane of `probabilities` and of
/// `shares`.
#[inline(always)]
pub(super) fn mix<S: Simd>(
    simd: S,
    queries: usize,
    probabilities: &[S::f32s],
    shares: S::f32s,
    values: Rows<'_>,
    results: Results<'_>,
) {
    // Two registers of sums for each, beside two of values and one probability.
    let most = (S::REGISTER_COUNT - 3) / 2;
    let together = queries.div_ceil(queries.div_ceil(most));
    let Results { values: places, stride } = results;
    let probabilities: &[f32] = bytemuck::cast_slice(probabilities);
    let shares: &[f32] = bytemuck::cast_slice(std::slice::from_ref(&shares));
    let pairs = values.width / (2 * S::F32_LANES) * 2;
    let registers = values.width / S::F32_LANES;
    for first in (0..queries).step_by(together) {
        let weights = Weights { probabilities, shares, first };
        let results = &mut places[first * stride..];
        macro_rules! of {
            ($($number:literal)*) => {
                match together.min(queries - first) {
                    $($number if $number <= (S::REGISTER_COUNT - 3) / 2 => {
                        for register in (0..pairs).step_by(2) {
                            tile::<S, $number, 2>(simd, weights, values, register, results, stride);
                        }
                        for register in pairs..registers {
                            tile::<S, $number, 1>(simd, weights, values, register, results, stride);
                        }
                    })*
                    _ => {}
                }
            };
        }
        of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
    }
}

/// What the values are multiplied with, for queries from `first` on.
#[derive(Clone, Copy)]
struct Weights<'a> {
    /// `[keys, lanes]`.
    probabilities: &'a [f32],
    /// One for each lane.
    shares: &'a [f32],
    first: usize,
}

/// `REGISTERS` registers, from number `register` on, of the results of `QUERIES` queries.
#[inline(always)]
fn tile<S: Simd, const QUERIES: usize, const REGISTERS: usize>(
    simd: S,
    weights: Weights<'_>,
    values: Rows<'_>,
    register: usize,
    results: &mut [f32],
    stride: usize,
) {
    let Weights { probabilities, shares, first } = weights;
    let Some(shares) = shares[first..].first_chunk::<QUERIES>() else { return };
    let mut sums = [[simd.splat_f32s(0.0); REGISTERS]; QUERIES];
    for (key, probabilities) in probabilities.chunks_exact(S::F32_LANES).enumerate() {
        let Some(probabilities) = probabilities[first..].first_chunk::<QUERIES>() else { continue };
        let values: &[S::f32s] = bytemuck::cast_slice(values.row(key));
        let Some(values) = values[register..].first_chunk::<REGISTERS>() else { continue };
        for query in 0..QUERIES {
            let probability = simd.splat_f32s(probabilities[query]);
            for part in 0..REGISTERS {
                sums[query][part] = simd.mul_add_e_f32s(probability, values[part], sums[query][part]);
            }
        }
    }
    for (sums, share) in sums.iter_mut().zip(shares) {
        for sum in sums {
            *sum = simd.mul_f32s(*sum, simd.splat_f32s(*share));
        }
    }
    let mut start = register * S::F32_LANES;
    for sums in &sums {
        if let Some(place) = results.get_mut(start..start + REGISTERS * S::F32_LANES) {
            bytemuck::cast_slice_mut(place).copy_from_slice(sums);
        }
        start += stride;
    }
}
