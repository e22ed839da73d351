//! Dot products by instruction set, one file each: what the products of `product` are made of.
//!
//! A register holds one sum for each of its lanes. A step is four bytes of a row of the input: one value in single
//! precision, two in bfloat16, or four whole numbers of 8 bits. Weights are laid out so that a register of them holds the
//! step's counterparts for as many outputs as there are lanes.

/// A type whose values exist only on a processor with the features, which are named once: for the question whether they are
/// there, and for the compiler.
#[cfg(target_arch = "x86_64")]
macro_rules! proven_by_features {
    ($name:ident, $($feature:tt),+) => {
        /// A value exists only where `detect` has found the instructions.
        #[derive(Clone, Copy, Debug)]
        pub(in crate::cpu) struct $name(());

        impl $name {
            pub(super) fn detect() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }

            fn run_compiled<W: Work>(self, work: W) -> W::Output {
                $(#[target_feature(enable = $feature)])+
                fn compiled<W: Work>(dot: $name, work: W) -> W::Output {
                    work.run(dot)
                }
                // SAFETY: the value exists, so the processor has the instructions.
                unsafe { compiled(self, work) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod avx2_bytes;
#[cfg(target_arch = "x86_64")]
mod avx512_bfloat;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(all(target_arch = "x86_64", not(miri)))]
mod prefetch;
mod single;

use bytemuck::Pod;

use super::product::Work;
use crate::Precision;

#[cfg(all(target_arch = "x86_64", not(miri)))]
pub(super) use prefetch::prefetch;

/// Values of four bytes in a cache line.
pub(super) const LINE: usize = 16;

/// Only where there is an instruction for it.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(super) fn prefetch(_: &[u32]) {}

/// One instruction set's dot products. A value exists only where the processor has the instructions.
pub(super) trait Dot: Copy {
    /// Four bytes for each lane.
    type Register: Pod;
    /// Rows of which two registers of sums each can be kept, beside two of weights and one step. At most 14.
    const ROWS: usize;

    /// The step in every lane.
    fn broadcast(self, step: u32) -> Self::Register;
    /// `sums` and, in each lane, the dot product of the step with the weights.
    fn add(self, sums: Self::Register, weights: Self::Register, step: Self::Register) -> Self::Register;
    /// The sums as numbers in single precision.
    fn floats(self, sums: Self::Register) -> Self::Register;
    /// `factor` times `values`, plus `added`, all in single precision.
    fn multiply_add(
        self,
        factor: Self::Register,
        values: Self::Register,
        added: Self::Register,
    ) -> Self::Register;
    /// Calls `work` in a function that is compiled for the instructions, into which everything else is inlined.
    fn run<W: Work>(self, work: W) -> W::Output;
}

/// The instructions that compute one precision on this processor.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instructions {
    /// Single precision, by whatever `pulp` finds.
    Single,
    #[cfg(target_arch = "x86_64")]
    Avx512Bfloat(avx512_bfloat::Avx512Bfloat),
    #[cfg(target_arch = "x86_64")]
    Avx512Vnni(avx512_vnni::Avx512Vnni),
    #[cfg(target_arch = "x86_64")]
    AvxVnni(avx_vnni::AvxVnni),
    #[cfg(target_arch = "x86_64")]
    Avx2Bytes(avx2_bytes::Avx2Bytes),
}

impl Instructions {
    /// All that this processor has for `precision`, the fastest first.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn all(precision: Precision) -> Vec<Self> {
        let found = match precision {
            Precision::F32 => vec![Some(Self::Single)],
            Precision::F16 => Vec::new(),
            Precision::Bf16 => vec![avx512_bfloat::Avx512Bfloat::detect().map(Self::Avx512Bfloat)],
            Precision::Int8 => vec![
                avx512_vnni::Avx512Vnni::detect().map(Self::Avx512Vnni),
                avx_vnni::AvxVnni::detect().map(Self::AvxVnni),
                avx2_bytes::Avx2Bytes::detect().map(Self::Avx2Bytes),
            ],
        };
        found.into_iter().flatten().collect()
    }

    /// All that this processor has for `precision`, the fastest first.
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn all(precision: Precision) -> Vec<Self> {
        match precision {
            Precision::F32 => vec![Self::Single],
            Precision::F16 | Precision::Bf16 | Precision::Int8 => Vec::new(),
        }
    }

    pub(super) fn run<W: Work>(self, work: W) -> W::Output {
        match self {
            Self::Single => single::run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bfloat(dot) => dot.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni(dot) => dot.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::AvxVnni(dot) => dot.run(work),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Bytes(dot) => dot.run(work),
        }
    }

    /// The greatest whole number that an input may be turned into.
    pub(super) fn highest_level(self) -> f32 {
        match self {
            // Two products are added in 16 bits: 2 · 127 · 127 fits, 2 · 255 · 127 does not.
            #[cfg(target_arch = "x86_64")]
            Self::Avx2Bytes(_) => 127.0,
            _ => 255.0,
        }
    }
}
