//! The scan: every row's int8 score, the best of them again in f32. The truth that the graph is measured against,
//! and the way small sets are searched.

use std::ops::Range;

use crate::dot::{dot, score_block};
use crate::quantize::QuantizedQuery;
use crate::rows::{ROWS_PER_CHUNK, Rows};
use crate::searcher::Neighbor;
use crate::shortlist::{Ranked, Shortlist};

/// How many rows to keep by int8 score so that the best `k` by f32 are among them. Codes misplace a row by
/// about 0.0004, so a miss needs more than 3k + 32 rows that close to the k-th.
pub(crate) fn oversampled(k: usize) -> usize {
    k.saturating_mul(4).saturating_add(32)
}

/// Offers the admitted rows of `slots` to `shortlist`. `admits` is asked only about rows that would enter.
pub(crate) fn scan(
    rows: &Rows,
    slots: Range<usize>,
    query: &QuantizedQuery,
    admits: &dyn Fn(u32) -> bool,
    shortlist: &mut Shortlist,
) {
    let lanes = query.weights.len();
    let mut scores = vec![0.0; ROWS_PER_CHUNK.min(slots.len())];
    let mut start = slots.start;
    while start < slots.end {
        let chunk = &rows.chunks()[start / ROWS_PER_CHUNK];
        let first = start % ROWS_PER_CHUNK;
        let count = (ROWS_PER_CHUNK - first).min(slots.end - start);
        let codes = &chunk.codes[first * lanes..][..count * lanes];
        score_block(codes, &chunk.scales[first..][..count], &query.weights, &mut scores[..count]);
        for (row, &similarity) in scores[..count].iter().enumerate() {
            if similarity >= shortlist.threshold() && admits((start + row) as u32) {
                let id = chunk.ids[first + row];
                shortlist.offer(Ranked { similarity, id, slot: (start + row) as u32 });
            }
        }
        start += count;
    }
}

/// The best `k` of `slots` by f32 cosine, closest first, equals by id.
pub(crate) fn rescore(
    rows: &Rows,
    slots: impl Iterator<Item = u32>,
    unit: &[f32],
    k: usize,
) -> Vec<Neighbor> {
    let mut ranked: Vec<Ranked> = slots
        .map(|slot| Ranked {
            similarity: dot(rows.values(slot), unit).clamp(-1.0, 1.0),
            id: rows.id(slot),
            slot,
        })
        .collect();
    ranked.sort_unstable();
    ranked.truncate(k);
    ranked.into_iter().map(|Ranked { similarity, id, .. }| Neighbor { id, similarity }).collect()
}
