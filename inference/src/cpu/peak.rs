//! What one core can compute at most in a precision: products whose operands never leave the registers.

use std::hint::black_box;
use std::time::Instant;

use bytemuck::Zeroable;

use super::instructions::{Dot, Instructions};
use super::product::Work;
use crate::Precision;

/// Sums that do not wait for each other: ten hide the time that an instruction takes, and with the two operands they stay
/// within the sixteen registers of AVX2.
const SUMS: usize = 12;
/// Of the loop, a few milliseconds.
const ITERATIONS: usize = 1_000_000;

/// Multiplications and additions a second that the calling thread reaches now, in the instructions that compute `precision`
/// here; `None` where the processor has none. For benchmarks: the yardstick of what a model reaches. Takes milliseconds.
#[must_use]
pub fn peak_operations_per_second(precision: Precision) -> Option<f64> {
    let instructions = Instructions::all(precision).first().copied()?;
    // One step of four bytes holds so many products, each of which is added.
    let products = match precision {
        Precision::F32 => 1,
        Precision::F16 | Precision::Bf16 => 2,
        Precision::Int8 => 4,
    };
    let started = Instant::now();
    let lanes = instructions.run(Products);
    let operations = 2 * products * lanes * SUMS * ITERATIONS;
    Some(operations as f64 / started.elapsed().as_secs_f64())
}

struct Products;

impl Work for Products {
    /// Lanes of a register.
    type Output = usize;

    #[inline(always)]
    fn run<D: Dot>(self, dot: D) -> usize {
        // Zeros are as fast as anything and never overflow.
        let (weights, step) = (dot.broadcast(black_box(0)), dot.broadcast(black_box(0)));
        let mut sums = [D::Register::zeroed(); SUMS];
        for _ in 0..ITERATIONS {
            for sum in &mut sums {
                *sum = dot.add(*sum, weights, step);
            }
        }
        black_box(sums);
        size_of::<D::Register>() / size_of::<u32>()
    }
}
