//! AVX2: four products of a byte of 7 bits by a signed byte in three instructions: pairs in 16 bits, then both pairs and the sum in 32.

#![expect(unsafe_code, reason = "instructions that only some processors have")]

use std::arch::x86_64::{
    __m256i, _mm256_add_epi32, _mm256_cvtepi32_ps, _mm256_fmadd_ps, _mm256_madd_epi16, _mm256_maddubs_epi16,
    _mm256_set1_epi16, _mm256_set1_epi32,
};

use bytemuck::cast;

use super::Dot;
use crate::cpu::product::Work;

proven_by_features!(Avx2Bytes, "avx2", "fma");

impl Dot for Avx2Bytes {
    type Register = __m256i;
    const ROWS: usize = 5;

    #[inline(always)]
    fn broadcast(self, step: u32) -> __m256i {
        // SAFETY: the value exists, so the processor has the instructions.
        unsafe { _mm256_set1_epi32(step.cast_signed()) }
    }

    #[inline(always)]
    fn add(self, sums: __m256i, weights: __m256i, step: __m256i) -> __m256i {
        // SAFETY: the value exists, so the processor has the instructions.
        unsafe {
            _mm256_add_epi32(
                sums,
                _mm256_madd_epi16(_mm256_maddubs_epi16(step, weights), _mm256_set1_epi16(1)),
            )
        }
    }

    #[inline(always)]
    fn floats(self, sums: __m256i) -> __m256i {
        // SAFETY: the value exists, so the processor has the instructions.
        cast(unsafe { _mm256_cvtepi32_ps(sums) })
    }

    #[inline(always)]
    fn multiply_add(self, factor: __m256i, values: __m256i, added: __m256i) -> __m256i {
        // SAFETY: the value exists, so the processor has the instructions.
        cast(unsafe { _mm256_fmadd_ps(cast(factor), cast(values), cast(added)) })
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        self.run_compiled(work)
    }
}
