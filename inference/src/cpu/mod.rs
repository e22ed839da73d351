//! Our own computation of the BERT family on a processor, in three precisions. What passes through: the tokens of all
//! texts of a batch, one after the other in one matrix, without padding. Called by `architectures` only.
//!
//! Loops in single precision are safe code; `pulp` compiles each for every instruction set it knows and picks one when the
//! program runs. Products in fewer bits are made of the instructions in `instructions`, the only unsafe code. Each call
//! computes on the calling thread: workers, not products, are what runs side by side.

mod attention;
mod columns;
mod encode;
mod encoder;
mod functions;
mod instructions;
mod linear;
mod norm;
mod peak;
mod product;
#[cfg(test)]
mod tests;
mod transpose;

use std::sync::LazyLock;

use pulp::Arch;

use crate::Precision;
use instructions::Instructions;

pub(crate) use encoder::{PackedEncoder, PackedShape};
pub(crate) use functions::Activation;
pub use peak::peak_operations_per_second;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// The fastest precision that this processor has instructions for and that finds what single precision finds. Whole numbers
/// of 8 bits do: `docs/evaluation.md` has the figures. bfloat16 is slower wherever there are both.
pub(crate) fn fastest() -> Precision {
    if Instructions::all(Precision::Int8).is_empty() { Precision::F32 } else { Precision::Int8 }
}

/// Whether this processor has vector instructions that the loops were written for. Without them candle computes.
pub(crate) fn is_supported() -> bool {
    !matches!(*ARCH, Arch::Scalar)
}
