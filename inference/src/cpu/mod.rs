//! Our own computation of the BERT family on a processor, in single precision. What passes through: the tokens of all
//! texts of a batch, one after the other in one matrix, without padding. Called by `architectures` only.
//!
//! The loops are safe code; `pulp` compiles each for every instruction set it knows and picks one when the program
//! runs. Each call computes on the calling thread: workers, not products, are what runs side by side.

mod attention;
mod encoder;
mod functions;
mod linear;
mod norm;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use pulp::Arch;

pub(crate) use encoder::{PackedEncoder, PackedShape};
pub(crate) use functions::Activation;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Whether this processor has vector instructions that the loops were written for. Without them candle computes.
pub(crate) fn is_supported() -> bool {
    !matches!(*ARCH, Arch::Scalar)
}
