//! Attention within one text, in single precision.
//!
//! A head's queries are turned on their side, so that a register holds one value of as many queries as it has lanes. Keys and
//! values are read where they lie: a score is a sum over a key's values, each multiplied with all lanes; a result is a sum
//! over the values' rows, each multiplied with one query's probability.

mod mix;
mod scores;

use pulp::{Arch, Simd};

use super::ARCH;
use super::product::{Outputs, room_for};
use super::transpose::{self, MOST_LANES, Transpose, Turning};
use mix::mix;
use scores::{probabilities, scores};

/// Of a key's values, so many are multiplied one after the other with queries that stay in registers.
const STEP: usize = 8;

/// Room to work in, kept between calls.
pub(super) struct AttentionRoom {
    arch: Arch,
    /// A head's queries, keys, values and results, where they cannot be read and written in place.
    copies: Outputs,
    /// `[head width, lanes]`: the queries on their side.
    across: Outputs,
    /// `[keys, lanes]`, so that the work on one query is the same for all lanes.
    scores: Outputs,
}

impl Default for AttentionRoom {
    fn default() -> Self {
        Self::new(*ARCH)
    }
}

impl AttentionRoom {
    /// For the vector instructions of `arch`.
    pub(super) fn new(arch: Arch) -> Self {
        let [copies, across, scores] = [0; 3].map(|_| Outputs::new(64));
        Self { arch, copies, across, scores }
    }
}

/// Scaled dot-product attention (Vaswani and others 2017) of one text of `tokens` tokens: `projected` is
/// `[tokens, 3, heads, head width]` (query, key, value), `mixed` becomes `[tokens, heads, head width]`.
pub(super) fn attend(
    projected: &[f32],
    tokens: usize,
    heads: usize,
    mixed: &mut [f32],
    room: &mut AttentionRoom,
) {
    let width = mixed.len() / tokens.max(1);
    let arch = room.arch;
    let attention = Attention { projected, tokens, width, head_width: width / heads, mixed, room };
    transpose::run(arch, attention);
}

struct Attention<'a> {
    projected: &'a [f32],
    tokens: usize,
    width: usize,
    head_width: usize,
    mixed: &'a mut [f32],
    room: &'a mut AttentionRoom,
}

impl Turning for Attention<'_> {
    #[inline(always)]
    fn run<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T) {
        let Self { projected, tokens, width, head_width, mixed, room } = self;
        let AttentionRoom { copies, across, scores, .. } = room;
        let unit = S::F32_LANES.max(STEP);
        let padded = head_width.next_multiple_of(unit);
        let across = room_for(across, padded * S::F32_LANES);
        let scores = room_for(scores, tokens * S::F32_LANES);
        let scale = 1.0 / (head_width as f32).sqrt();
        for first in (0..width).step_by(head_width) {
            let part = |number: usize| Rows {
                values: &projected[number * width + first..],
                stride: 3 * width,
                width: head_width,
            };
            let head = Head { queries: part(0), keys: part(1), values: part(2), tokens, scale };
            let in_place = padded == head_width;
            let mixed = &mut mixed[first..];
            let (head, results) = if in_place {
                (head, Results { values: mixed, stride: width })
            } else {
                head.copy(padded, room_for(copies, 4 * tokens * padded))
            };
            head.attend(simd, transpose, across, scores, results);
            if !in_place {
                let copied = &copies[3 * tokens * padded..][..tokens * padded];
                for (number, copy) in copied.chunks_exact(padded).enumerate() {
                    mixed[number * width..][..head_width].copy_from_slice(&copy[..head_width]);
                }
            }
        }
    }
}

/// Rows of `width` values that begin `stride` values behind each other.
#[derive(Clone, Copy)]
struct Rows<'a> {
    values: &'a [f32],
    stride: usize,
    width: usize,
}

impl<'a> Rows<'a> {
    #[inline(always)]
    fn row(self, number: usize) -> &'a [f32] {
        &self.values[number * self.stride..][..self.width]
    }

    /// A copy of the first `count` rows in `into`, each filled up with 0 to `width` values.
    fn padded(self, count: usize, width: usize, into: &mut [f32]) -> Rows<'_> {
        for (number, copy) in into.chunks_exact_mut(width).take(count).enumerate() {
            let (copy, behind) = copy.split_at_mut(self.width);
            copy.copy_from_slice(self.row(number));
            behind.fill(0.0);
        }
        Rows { values: into, stride: width, width }
    }
}

/// One head of one text.
#[derive(Clone, Copy)]
struct Head<'a> {
    queries: Rows<'a>,
    keys: Rows<'a>,
    values: Rows<'a>,
    tokens: usize,
    scale: f32,
}

/// Where a head's results go: a token's begin `stride` behind those of the token before.
struct Results<'a> {
    values: &'a mut [f32],
    stride: usize,
}

impl Head<'_> {
    /// The head's width is a multiple of [`STEP`] and of the lanes.
    #[inline(always)]
    fn attend<S: Simd, T: Transpose<S>>(
        self,
        simd: S,
        transpose: T,
        across: &mut [f32],
        scored: &mut [f32],
        results: Results<'_>,
    ) {
        let across: &mut [S::f32s] = bytemuck::cast_slice_mut(across);
        let scored: &mut [S::f32s] = bytemuck::cast_slice_mut(scored);
        let Results { values, stride } = results;
        for first in (0..self.tokens).step_by(S::F32_LANES) {
            self.turn(simd, transpose, first, across);
            scores(simd, across, self.keys, self.tokens, scored);
            let shares = probabilities(simd, scored, self.scale);
            let queries = S::F32_LANES.min(self.tokens - first);
            let results = Results { values: &mut values[first * stride..], stride };
            mix(simd, queries, scored, shares, self.values, results);
        }
    }

    /// `across` becomes the queries from `first` on; lanes without a query hold the last one.
    #[inline(always)]
    fn turn<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T, first: usize, across: &mut [S::f32s]) {
        let lanes = S::F32_LANES;
        let mut square = [simd.splat_f32s(0.0); MOST_LANES];
        for (number, across) in across.chunks_exact_mut(lanes).enumerate() {
            for (lane, row) in square[..lanes].iter_mut().enumerate() {
                let query = self.queries.row((first + lane).min(self.tokens - 1));
                *row = bytemuck::cast_slice(&query[number * lanes..][..lanes])[0];
            }
            transpose.transpose(simd, &square[..lanes], across);
        }
    }

    /// The head, `width` wide, in the first three quarters of `copies`; the last is for its results.
    fn copy<'b>(self, width: usize, copies: &'b mut [f32]) -> (Head<'b>, Results<'b>) {
        let Self { tokens, scale, .. } = self;
        let (queries, rest) = copies.split_at_mut(tokens * width);
        let (keys, rest) = rest.split_at_mut(tokens * width);
        let (values, results) = rest.split_at_mut(tokens * width);
        let head = Head {
            queries: self.queries.padded(tokens, width, queries),
            keys: self.keys.padded(tokens, width, keys),
            values: self.values.padded(tokens, width, values),
            tokens,
            scale,
        };
        (head, Results { values: results, stride: width })
    }
}
