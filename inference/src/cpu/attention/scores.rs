//! Products of queries with keys, and what becomes of them.

use pulp::Simd;

use super::{Rows, STEP};
use crate::cpu::functions::exp;

/// `into` become the products of the queries in `across` with each of the first `count` keys.
#[inline(always)]
pub(super) fn scores<S: Simd>(
    simd: S,
    across: &[S::f32s],
    keys: Rows<'_>,
    count: usize,
    into: &mut [S::f32s],
) {
    // Half of the registers for sums, the other for the queries.
    let most = S::REGISTER_COUNT / 2;
    let together = count.div_ceil(count.div_ceil(most));
    for first in (0..count).step_by(together) {
        macro_rules! of {
            ($($number:literal)*) => {
                match together.min(count - first) {
                    $($number if $number <= S::REGISTER_COUNT / 2 => {
                        tile::<S, $number>(simd, across, keys, first, &mut into[first..]);
                    })*
                    _ => {}
                }
            };
        }
        of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }
}

/// Those of `KEYS` keys from `first` on.
#[inline(always)]
fn tile<S: Simd, const KEYS: usize>(
    simd: S,
    across: &[S::f32s],
    keys: Rows<'_>,
    first: usize,
    into: &mut [S::f32s],
) {
    let mut rows: [&[[f32; STEP]]; KEYS] = [&[]; KEYS];
    for (key, row) in rows.iter_mut().enumerate() {
        *row = keys.row(first + key).as_chunks().0;
    }
    let mut sums = [simd.splat_f32s(0.0); KEYS];
    for (part, queries) in across.as_chunks::<STEP>().0.iter().enumerate() {
        let mut values = [&[0.0; STEP]; KEYS];
        for key in 0..KEYS {
            values[key] = &rows[key][part];
        }
        for step in 0..STEP {
            for key in 0..KEYS {
                sums[key] = simd.mul_add_e_f32s(simd.splat_f32s(values[key][step]), queries[step], sums[key]);
            }
        }
    }
    if let Some(into) = into.first_chunk_mut::<KEYS>() {
        *into = sums;
    }
}

/// Scores become e to the power of `scale` times their distance from each query's greatest. Returns what they must be
/// multiplied with to be probabilities: 1 divided by each query's sum.
#[inline(always)]
pub(super) fn probabilities<S: Simd>(simd: S, scores: &mut [S::f32s], scale: f32) -> S::f32s {
    let mut greatest = simd.splat_f32s(f32::NEG_INFINITY);
    for score in &*scores {
        greatest = simd.max_f32s(greatest, *score);
    }
    let scale = simd.splat_f32s(scale);
    for score in &mut *scores {
        *score = simd.mul_f32s(simd.sub_f32s(*score, greatest), scale);
    }
    bytemuck::cast_slice_mut::<_, f32>(scores).iter_mut().for_each(|score| *score = exp(*score));
    let mut sum = simd.splat_f32s(0.0);
    for score in &*scores {
        sum = simd.add_f32s(sum, *score);
    }
    simd.div_f32s(simd.splat_f32s(1.0), sum)
}
