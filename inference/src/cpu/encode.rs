//! A row of the input becomes steps of four bytes.

use pulp::{NullaryFnOnce, Simd, WithSimd};

use super::ARCH;

/// How the whole numbers of a row are read: a value is about `lowest + scale · number`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Level {
    pub(super) lowest: f32,
    pub(super) scale: f32,
}

/// Two values a step, each rounded to bfloat16 (the nearest, ties to even); a last one alone stands beside 0.
pub(super) fn bfloat_steps(row: &[f32], steps: &mut [u32]) {
    ARCH.dispatch(Bfloat { row, steps });
}

/// Rows of `length` values, each four whole numbers from 0 to `highest` a step; a row's last step is filled up with 0. `levels`
/// are replaced. Rows are not empty.
pub(super) fn byte_steps(
    rows: &[f32],
    length: usize,
    highest: f32,
    steps: &mut [u32],
    levels: &mut Vec<Level>,
) {
    levels.clear();
    let bytes = bytemuck::cast_slice_mut(steps);
    ARCH.dispatch(Bytes { rows, length, highest, bytes, bytes_per_row: 4 * length.div_ceil(4), levels });
}

/// The bytes of one output's weights, four to a step, and what they are multiplied with: symmetric around 0, the largest
/// weight is 127. The last step keeps what stood behind the weights. Not empty.
pub(super) fn weight_steps(weights: &[f32], steps: &mut [u32]) -> f32 {
    let (lowest, greatest) = ARCH.dispatch(Range(weights));
    let largest = greatest.max(-lowest);
    let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
    ARCH.dispatch(SignedBytes { weights, scale, bytes: bytemuck::cast_slice_mut(steps) });
    scale
}

struct SignedBytes<'a> {
    weights: &'a [f32],
    scale: f32,
    /// At least as many as there are weights.
    bytes: &'a mut [u8],
}

impl NullaryFnOnce for SignedBytes<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (byte, weight) in self.bytes.iter_mut().zip(self.weights) {
            // Adding 1.5 · 2^23 leaves the nearest whole number in the low bits, negative ones as two's complement.
            *byte = (weight / self.scale + 12_582_912.0).to_bits() as u8;
        }
    }
}

struct Bfloat<'a> {
    row: &'a [f32],
    steps: &'a mut [u32],
}

impl NullaryFnOnce for Bfloat<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (pairs, last) = self.row.as_chunks::<2>();
        for (step, pair) in self.steps.iter_mut().zip(pairs) {
            *step = bfloat(pair[0]) | bfloat(pair[1]) << 16;
        }
        if let ([value], Some(step)) = (last, self.steps.last_mut()) {
            *step = bfloat(*value);
        }
    }
}

/// The upper half of an f32. Finite values only.
#[inline(always)]
fn bfloat(value: f32) -> u32 {
    let bits = value.to_bits();
    bits.wrapping_add(0x7FFF + (bits >> 16 & 1)) >> 16
}

struct Bytes<'a> {
    rows: &'a [f32],
    length: usize,
    highest: f32,
    bytes: &'a mut [u8],
    bytes_per_row: usize,
    levels: &'a mut Vec<Level>,
}

impl WithSimd for Bytes<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let rows = self.rows.chunks_exact(self.length);
        for (row, bytes) in rows.zip(self.bytes.chunks_exact_mut(self.bytes_per_row)) {
            let (lowest, greatest) = Range(row).with_simd(simd);
            let scale = if greatest > lowest { (greatest - lowest) / self.highest } else { 1.0 };
            let levels_per_unit = 1.0 / scale;
            let (levels, behind) = bytes.split_at_mut(self.length);
            for (byte, value) in levels.iter_mut().zip(row) {
                // Adding 2^23 leaves the nearest whole number in the low bits; the greatest value comes to `highest` but for
                // errors of rounding, which that takes off.
                *byte = (value - lowest).mul_add(levels_per_unit, 8_388_608.0).to_bits() as u8;
            }
            behind.fill(0);
            self.levels.push(Level { lowest, scale });
        }
    }
}

/// The least and the greatest value. Not empty.
struct Range<'a>(&'a [f32]);

impl WithSimd for Range<'_> {
    type Output = (f32, f32);

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> (f32, f32) {
        let (registers, rest) = S::as_simd_f32s(self.0);
        let (fours, others) = registers.as_chunks::<4>();
        // Four of each, so that no comparison waits for the one before.
        let mut lowest = [simd.splat_f32s(f32::INFINITY); 4];
        let mut greatest = [simd.splat_f32s(f32::NEG_INFINITY); 4];
        for values in fours {
            for part in 0..4 {
                lowest[part] = simd.min_f32s(lowest[part], values[part]);
                greatest[part] = simd.max_f32s(greatest[part], values[part]);
            }
        }
        for values in others {
            lowest[0] = simd.min_f32s(lowest[0], *values);
            greatest[0] = simd.max_f32s(greatest[0], *values);
        }
        let lowest = simd.min_f32s(simd.min_f32s(lowest[0], lowest[1]), simd.min_f32s(lowest[2], lowest[3]));
        let greatest =
            simd.max_f32s(simd.max_f32s(greatest[0], greatest[1]), simd.max_f32s(greatest[2], greatest[3]));
        let lowest = rest.iter().copied().fold(simd.reduce_min_f32s(lowest), f32::min);
        let greatest = rest.iter().copied().fold(simd.reduce_max_f32s(greatest), f32::max);
        (lowest, greatest)
    }
}
