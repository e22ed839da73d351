//! Rows become lanes: squares of four-byte values are transposed within registers.

use pulp::{Arch, Simd, WithSimd};

/// Something to be compiled for vector instructions, and for their way to transpose.
pub(super) trait Turning {
    /// Must be inlined.
    fn run<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T);
}

/// How a square of as many rows as a register has lanes is transposed. Each way gives the same values.
pub(super) trait Transpose<S: Simd>: Copy {
    /// Both are one register for each lane: value `i` of register `j` becomes value `j` of register `i` of `into`.
    fn transpose(self, simd: S, rows: &[S::f32s], into: &mut [S::f32s]);
}

/// No register has more lanes.
pub(super) const MOST_LANES: usize = 16;

/// Calls `work` with the instructions of `arch`.
pub(super) fn run(arch: Arch, work: impl Turning) {
    #[cfg(target_arch = "x86_64")]
    {
        if let Arch::V4(simd) = arch {
            return Simd::vectorize(simd, Known { simd, transpose: Shuffles, work });
        }
        if let Arch::V3(simd) = arch {
            return Simd::vectorize(simd, Known { simd, transpose: Shuffles, work });
        }
    }
    arch.dispatch(Any(work));
}

/// Instructions that are known by name, within a function that is compiled for them.
#[cfg(target_arch = "x86_64")]
struct Known<S, T, W> {
    simd: S,
    transpose: T,
    work: W,
}

#[cfg(target_arch = "x86_64")]
impl<S: Simd, T: Transpose<S>, W: Turning> WithSimd for Known<S, T, W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<Same: Simd>(self, _: Same) {
        self.work.run(self.simd, self.transpose);
    }
}

struct Any<W>(W);

impl<W: Turning> WithSimd for Any<W> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run(simd, OneByOne);
    }
}

/// Value by value, for any instruction set.
#[derive(Clone, Copy)]
struct OneByOne;

impl<S: Simd> Transpose<S> for OneByOne {
    #[inline(always)]
    fn transpose(self, _: S, rows: &[S::f32s], into: &mut [S::f32s]) {
        let into: &mut [f32] = bytemuck::cast_slice_mut(into);
        for (lane, row) in rows.iter().enumerate() {
            let row: &[f32] = bytemuck::cast_slice(std::slice::from_ref(row));
            for (column, value) in into.chunks_exact_mut(S::F32_LANES).zip(row) {
                column[lane] = *value;
            }
        }
    }
}

/// By the instructions that exchange values between two registers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Shuffles;

#[cfg(target_arch = "x86_64")]
mod shuffles {
    use std::arch::x86_64::{__m256, __m256d, __m512, __m512d};

    use bytemuck::cast;
    use pulp::x86::{V3, V4};
    use pulp::{f32x8, f32x16};

    use super::{Shuffles, Transpose};

    impl Transpose<V4> for Shuffles {
        #[inline(always)]
        fn transpose(self, simd: V4, rows: &[f32x16], into: &mut [f32x16]) {
            let ([rows, ..], [into, ..]) = (rows.as_chunks::<16>().0, into.as_chunks_mut::<16>().0) else {
                return;
            };
            let blocks = [
                in_blocks(simd, [rows[0], rows[1], rows[2], rows[3]]),
                in_blocks(simd, [rows[4], rows[5], rows[6], rows[7]]),
                in_blocks(simd, [rows[8], rows[9], rows[10], rows[11]]),
                in_blocks(simd, [rows[12], rows[13], rows[14], rows[15]]),
            ];
            for place in 0..4 {
                let of_place = [blocks[0][place], blocks[1][place], blocks[2][place], blocks[3][place]];
                let columns = of_blocks(simd, of_place);
                into[place] = columns[0];
                into[4 + place] = columns[1];
                into[8 + place] = columns[2];
                into[12 + place] = columns[3];
            }
        }
    }

    /// Transposes the square of four values in each quarter: quarter `q` of register `i` becomes value `4 q + i` of all four.
    #[inline(always)]
    fn in_blocks(simd: V4, rows: [f32x16; 4]) -> [__m512; 4] {
        let avx = simd.avx512f;
        let rows: [__m512; 4] = [cast(rows[0]), cast(rows[1]), cast(rows[2]), cast(rows[3])];
        let low: [__m512d; 2] =
            [cast(avx._mm512_unpacklo_ps(rows[0], rows[1])), cast(avx._mm512_unpacklo_ps(rows[2], rows[3]))];
        let high: [__m512d; 2] =
            [cast(avx._mm512_unpackhi_ps(rows[0], rows[1])), cast(avx._mm512_unpackhi_ps(rows[2], rows[3]))];
        [
            cast(avx._mm512_unpacklo_pd(low[0], low[1])),
            cast(avx._mm512_unpackhi_pd(low[0], low[1])),
            cast(avx._mm512_unpacklo_pd(high[0], high[1])),
            cast(avx._mm512_unpackhi_pd(high[0], high[1])),
        ]
    }

    /// Transposes the square of four quarters.
    #[inline(always)]
    fn of_blocks(simd: V4, rows: [__m512; 4]) -> [f32x16; 4] {
        const EVEN: i32 = 0b10_00_10_00;
        const ODD: i32 = 0b11_01_11_01;
        let avx = simd.avx512f;
        let even = [
            avx._mm512_shuffle_f32x4::<EVEN>(rows[0], rows[1]),
            avx._mm512_shuffle_f32x4::<EVEN>(rows[2], rows[3]),
        ];
        let odd = [
            avx._mm512_shuffle_f32x4::<ODD>(rows[0], rows[1]),
            avx._mm512_shuffle_f32x4::<ODD>(rows[2], rows[3]),
        ];
        [
            cast(avx._mm512_shuffle_f32x4::<EVEN>(even[0], even[1])),
            cast(avx._mm512_shuffle_f32x4::<EVEN>(odd[0], odd[1])),
            cast(avx._mm512_shuffle_f32x4::<ODD>(even[0], even[1])),
            cast(avx._mm512_shuffle_f32x4::<ODD>(odd[0], odd[1])),
        ]
    }

    impl Transpose<V3> for Shuffles {
        #[inline(always)]
        fn transpose(self, simd: V3, rows: &[f32x8], into: &mut [f32x8]) {
            let ([rows, ..], [into, ..]) = (rows.as_chunks::<8>().0, into.as_chunks_mut::<8>().0) else {
                return;
            };
            let upper = in_halves(simd, [rows[0], rows[1], rows[2], rows[3]]);
            let lower = in_halves(simd, [rows[4], rows[5], rows[6], rows[7]]);
            for place in 0..4 {
                let avx = simd.avx;
                into[place] = cast(avx._mm256_permute2f128_ps::<0x20>(upper[place], lower[place]));
                into[4 + place] = cast(avx._mm256_permute2f128_ps::<0x31>(upper[place], lower[place]));
            }
        }
    }

    /// Transposes the square of four values in each half.
    #[inline(always)]
    fn in_halves(simd: V3, rows: [f32x8; 4]) -> [__m256; 4] {
        let avx = simd.avx;
        let rows: [__m256; 4] = [cast(rows[0]), cast(rows[1]), cast(rows[2]), cast(rows[3])];
        let low: [__m256d; 2] =
            [cast(avx._mm256_unpacklo_ps(rows[0], rows[1])), cast(avx._mm256_unpacklo_ps(rows[2], rows[3]))];
        let high: [__m256d; 2] =
            [cast(avx._mm256_unpackhi_ps(rows[0], rows[1])), cast(avx._mm256_unpackhi_ps(rows[2], rows[3]))];
        [
            cast(avx._mm256_unpacklo_pd(low[0], low[1])),
            cast(avx._mm256_unpackhi_pd(low[0], low[1])),
            cast(avx._mm256_unpacklo_pd(high[0], high[1])),
            cast(avx._mm256_unpackhi_pd(high[0], high[1])),
        ]
    }
}
