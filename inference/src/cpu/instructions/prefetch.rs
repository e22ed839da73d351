//! Asking for memory before it is needed.

#![expect(unsafe_code, reason = "an instruction that the compiler does not choose by itself")]

use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

use super::LINE;

/// Asks for `values` to come into the second-level cache; returns at once. They begin with a cache line.
#[inline(always)]
pub(in crate::cpu) fn prefetch(values: &[u32]) {
    for line in values.chunks(LINE) {
        // SAFETY: every processor of this kind has the instruction, which changes no value and fails for no address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(line.as_ptr().cast()) };
    }
}
