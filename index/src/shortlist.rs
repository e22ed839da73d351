//! The best few of many scored rows, and their order: greater similarity first, then smaller id.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A row and how close it is; of two as close, the smaller id ranks higher.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) similarity: f32,
    pub(crate) id: u64,
    pub(crate) slot: u32,
}

/// Keeps the best `limit` of the rows offered.
pub(crate) struct Shortlist {
    limit: usize,
    heap: BinaryHeap<Reverse<Ranked>>,
}

impl Shortlist {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, heap: BinaryHeap::new() }
    }

    /// Rows less similar than this cannot enter.
    #[inline]
    pub(crate) fn threshold(&self) -> f32 {
        match self.heap.peek() {
            Some(Reverse(worst)) if self.heap.len() >= self.limit => worst.similarity,
            _ => f32::NEG_INFINITY,
        }
    }

    pub(crate) fn offer(&mut self, ranked: Ranked) {
        if self.heap.len() < self.limit {
            self.heap.push(Reverse(ranked));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && ranked > worst.0
        {
            worst.0 = ranked;
        }
    }

    /// The slots kept, in no order.
    pub(crate) fn into_slots(self) -> impl Iterator<Item = u32> {
        self.heap.into_iter().map(|Reverse(ranked)| ranked.slot)
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.similarity.total_cmp(&other.similarity).then(other.id.cmp(&self.id))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ranked {}
