//! AVX-512 VNNI: in each lane four products of an unsigned by a signed byte, added to 32 bits. No intermediate overflow.

#![expect(unsafe_code, reason = "instructions that only some processors have")]

use std::arch::x86_64::{
    __m512i, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_fmadd_ps, _mm512_set1_epi32,
};

use bytemuck::cast;

use super::Dot;
use crate::cpu::product::Work;

proven_by_features!(Avx512Vnni, "avx512f", "avx512bw", "avx512vl", "avx512dq", "avx512vnni", "avx2", "fma");

impl Dot for Avx512Vnni {
    type Register = __m512i;
    const ROWS: usize = 14;

    #[inline(always)]
    fn broadcast(self, step: u32) -> __m512i {
        // SAFETY: the value exists, so the processor has the instructions.
        unsafe { _mm512_set1_epi32(step.cast_signed()) }
    }

    #[inline(always)]
    fn add(self, sums: __m512i, weights: __m512i, step: __m512i) -> __m512i {
        // SAFETY: the value exists, so the processor has the instructions.
        unsafe { _mm512_dpbusd_epi32(sums, step, weights) }
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512i {
        // SAFETY: the value exists, so the processor has the instructions.
        cast(unsafe { _mm512_cvtepi32_ps(sums) })
    }

    #[inline(always)]
    fn multiply_add(self, factor: __m512i, values: __m512i, added: __m512i) -> __m512i {
        // SAFETY: the value exists, so the processor has the instructions.
        cast(unsafe { _mm512_fmadd_ps(cast(factor), cast(values), cast(added)) })
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        self.run_compiled(work)
    }
}
