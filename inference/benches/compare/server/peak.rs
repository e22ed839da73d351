//! What the processor can compute at most: fused multiply-adds whose operands never leave the registers.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};

/// Sums that do not wait for each other. A multiply-add takes four or five cycles and a core starts two in each, so ten
/// are needed; twelve leave room for the operands in the sixteen registers of AVX2.
const SUMS: usize = 12;
/// Of the loop, some 5 ms on a core of 2 to 4 GHz.
const ITERATIONS: usize = 2_000_000;
/// The best of so many counts: in the others the system may have given the core to somebody else.
const REPETITIONS: usize = 10;

/// The sum over `threads` threads that compute side by side, in the arithmetic of `precision`; `None` where there is no
/// loop for it. Counted are multiplications and additions.
pub(crate) fn operations_per_second(precision: &str, threads: usize) -> Option<f64> {
    let compute: fn() -> f64 = match precision {
        "f32" | "candle" => multiply_adds,
        _ => return None,
    };
    let together = Barrier::new(threads);
    let best = || {
        together.wait();
        let rate = |_| {
            let started = Instant::now();
            compute() / started.elapsed().as_secs_f64()
        };
        (0..REPETITIONS).map(rate).fold(0.0, f64::max)
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(best)).collect();
        running.into_iter().map(|thread| thread.join().ok()).sum()
    })
}

/// Computes for a while with the widest vectors that the processor has; the number of operations.
fn multiply_adds() -> f64 {
    Arch::new().dispatch(MultiplyAdds)
}

struct MultiplyAdds;

impl WithSimd for MultiplyAdds {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        // Each sum tends to 2: no overflow, and no denormal number to slow the loop.
        let (factor, addend) = (simd.splat_f32s(black_box(0.5)), simd.splat_f32s(black_box(1.0)));
        let mut sums = [addend; SUMS];
        for _ in 0..ITERATIONS {
            for sum in &mut sums {
                *sum = simd.mul_add_e_f32s(*sum, factor, addend);
            }
        }
        black_box(sums);
        (2 * ITERATIONS * SUMS * S::F32_LANES) as f64
    }
}
