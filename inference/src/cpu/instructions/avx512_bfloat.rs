//! AVX-512 BF16: in each lane two products of bfloat16 numbers, added in single precision.

#![expect(unsafe_code, reason = "instructions that only some processors have")]

use std::arch::x86_64::{__m512i, _mm512_dpbf16_ps, _mm512_fmadd_ps, _mm512_set1_epi32};

use bytemuck::cast;

use super::Dot;
use crate::cpu::product::Work;

/// A value exists only where [`detect`](Avx512Bfloat::detect) has found the instructions.
#[derive(Clone, Copy, Debug)]
pub(in crate::cpu) struct Avx512Bfloat(());

impl Avx512Bfloat {
    pub(super) fn detect() -> Option<Self> {
        let found = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("avx512bf16");
        found.then_some(Self(()))
    }
}

impl Dot for Avx512Bfloat {
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
        unsafe { cast(_mm512_dpbf16_ps(cast(sums), cast(step), cast(weights))) }
    }

    #[inline(always)]
    fn floats(self, sums: __m512i) -> __m512i {
        sums
    }

    #[inline(always)]
    fn multiply_add(self, factor: __m512i, values: __m512i, added: __m512i) -> __m512i {
        // SAFETY: the value exists, so the processor has the instructions.
        cast(unsafe { _mm512_fmadd_ps(cast(factor), cast(values), cast(added)) })
    }

    fn run<W: Work>(self, work: W) -> W::Output {
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx2,fma")]
        fn compiled<W: Work>(dot: Avx512Bfloat, work: W) -> W::Output {
            work.run(dot)
        }
        // SAFETY: the value exists, so the processor has the instructions.
        unsafe { compiled(self, work) }
    }
}
