//! Single precision, by the vector instructions that `pulp` finds when the program runs.

use pulp::{Simd, WithSimd};

use super::Dot;
use crate::cpu::ARCH;
use crate::cpu::product::Work;

/// Calls `work` with this processor's instructions.
pub(super) fn run<W: Work>(work: W) -> W::Output {
    ARCH.dispatch(Dispatched(work))
}

struct Dispatched<W>(W);

impl<W: Work> WithSimd for Dispatched<W> {
    type Output = W::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> W::Output {
        // With 32 registers 14 rows, with 16 registers 6.
        if S::REGISTER_COUNT >= 32 {
            Single::<S, 14>(simd).run(self.0)
        } else {
            Single::<S, 6>(simd).run(self.0)
        }
    }
}

#[derive(Clone, Copy)]
struct Single<S, const ROWS: usize>(S);

impl<S: Simd, const ROWS: usize> Dot for Single<S, ROWS> {
    type Register = S::f32s;
    const ROWS: usize = ROWS;

    #[inline(always)]
    fn broadcast(self, step: u32) -> S::f32s {
        self.0.splat_f32s(f32::from_bits(step))
    }

    #[inline(always)]
    fn add(self, sums: S::f32s, weights: S::f32s, step: S::f32s) -> S::f32s {
        self.0.mul_add_e_f32s(step, weights, sums)
    }

    #[inline(always)]
    fn floats(self, sums: S::f32s) -> S::f32s {
        sums
    }

    #[inline(always)]
    fn multiply_add(self, factor: S::f32s, values: S::f32s, added: S::f32s) -> S::f32s {
        self.0.mul_add_e_f32s(factor, values, added)
    }

    #[inline(always)]
    fn run<W: Work>(self, work: W) -> W::Output {
        work.run(self)
    }
}
