//! The rows themselves: ids, unit vectors and their int8 codes, addressed by slot (position of insertion).
//!
//! Rows lie in chunks of 1,024, contiguous within one. Clones share the chunks; only the last, unfilled one is
//! copied when a clone grows, so publishing a commit costs at most one chunk however many rows there are.

use std::sync::Arc;

use crate::dot::Codes;
use crate::quantize::{lanes, quantize_row};
use crate::slots::SlotSet;

/// Rows in a full chunk: 393 kB of codes at 384 dimensions.
pub(crate) const ROWS_PER_CHUNK: usize = 1024;

/// Rows of one dimension, only ever appended to.
#[derive(Clone)]
pub(crate) struct Rows {
    dimension: usize,
    lanes: usize,
    chunks: Vec<Arc<Chunk>>,
}

/// Up to [`ROWS_PER_CHUNK`] consecutive rows.
#[derive(Clone, Default)]
pub(crate) struct Chunk {
    pub(crate) ids: Vec<u64>,
    /// `[rows, dimension]`, each row of unit length.
    pub(crate) values: Vec<f32>,
    /// `[rows, lanes]`
    pub(crate) codes: Vec<Codes>,
    pub(crate) scales: Vec<f32>,
}

impl Rows {
    pub(crate) fn new(dimension: usize) -> Self {
        Self { dimension, lanes: lanes(dimension), chunks: Vec::new() }
    }

    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    pub(crate) fn len(&self) -> usize {
        match self.chunks.split_last() {
            Some((last, full)) => full.len() * ROWS_PER_CHUNK + last.ids.len(),
            None => 0,
        }
    }

    pub(crate) fn chunks(&self) -> &[Arc<Chunk>] {
        &self.chunks
    }

    #[inline]
    pub(crate) fn id(&self, slot: u32) -> u64 {
        let (chunk, row) = self.locate(slot);
        chunk.ids[row]
    }

    #[inline]
    pub(crate) fn values(&self, slot: u32) -> &[f32] {
        let (chunk, row) = self.locate(slot);
        &chunk.values[row * self.dimension..][..self.dimension]
    }

    #[inline(always)]
    pub(crate) fn codes(&self, slot: u32) -> &[Codes] {
        let (chunk, row) = self.locate(slot);
        &chunk.codes[row * self.lanes..][..self.lanes]
    }

    #[inline(always)]
    pub(crate) fn scale(&self, slot: u32) -> f32 {
        let (chunk, row) = self.locate(slot);
        chunk.scales[row]
    }

    /// Appends a row; its slot is the length before.
    pub(crate) fn push(&mut self, id: u64, unit: &[f32]) {
        let chunk = self.open_chunk();
        chunk.ids.push(id);
        chunk.values.extend_from_slice(unit);
        let scale = quantize_row(unit, &mut chunk.codes);
        chunk.scales.push(scale);
    }

    /// Appends rows read from a file: `values` is `[ids, dimension]`, unit rows. All calls but the last bring
    /// [`ROWS_PER_CHUNK`] rows.
    pub(crate) fn push_chunk(&mut self, ids: Vec<u64>, values: Vec<f32>) {
        let mut codes = Vec::with_capacity(ids.len() * self.lanes);
        let scales = values.chunks_exact(self.dimension).map(|unit| quantize_row(unit, &mut codes)).collect();
        self.chunks.push(Arc::new(Chunk { ids, values, codes, scales }));
    }

    /// The rows whose slot is not in `removed`, in the same order.
    pub(crate) fn without(&self, removed: &SlotSet) -> Self {
        if removed.is_empty() {
            return self.clone();
        }
        let mut kept = Self::new(self.dimension);
        for slot in (0..self.len() as u32).filter(|&slot| !removed.contains(slot)) {
            kept.push_copy(self, slot);
        }
        kept
    }

    fn push_copy(&mut self, from: &Self, slot: u32) {
        let chunk = self.open_chunk();
        chunk.ids.push(from.id(slot));
        chunk.values.extend_from_slice(from.values(slot));
        chunk.codes.extend_from_slice(from.codes(slot));
        chunk.scales.push(from.scale(slot));
    }

    /// The last chunk, owned by this clone alone and with room for a row.
    fn open_chunk(&mut self) -> &mut Chunk {
        if self.chunks.last().is_none_or(|last| last.ids.len() == ROWS_PER_CHUNK) {
            self.chunks.push(Arc::default());
        }
        let last = self.chunks.len() - 1;
        Arc::make_mut(&mut self.chunks[last])
    }

    #[inline(always)]
    fn locate(&self, slot: u32) -> (&Chunk, usize) {
        let slot = slot as usize;
        (&self.chunks[slot / ROWS_PER_CHUNK], slot % ROWS_PER_CHUNK)
    }
}
