//! The best few of many scored rows, and their order: greater similarity first, then smaller id.

use std::cmp::Ordering;

/// A row and how close it is. Ordered best first: greater similarity, then smaller id.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ranked {
    pub(crate) similarity: f32,
    pub(crate) id: u64,
    pub(crate) slot: u32,
}

/// Keeps the best `limit` of the rows offered, and for a while some that are not: cutting off now and then is cheaper
/// than keeping a heap in order.
pub(crate) struct Shortlist {
    limit: usize,
    kept: Vec<Ranked>,
    threshold: f32,
}

impl Shortlist {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, kept: Vec::new(), threshold: f32::NEG_INFINITY }
    }

    /// Rows less similar than this cannot be among the best.
    #[inline]
    pub(crate) fn threshold(&self) -> f32 {
        self.threshold
    }

    pub(crate) fn offer(&mut self, ranked: Ranked) {
        if self.kept.len() >= self.limit.saturating_mul(3) {
            self.cut_off();
        }
        self.kept.push(ranked);
    }

    /// The slots of the best, in no order.
    pub(crate) fn into_slots(mut self) -> impl Iterator<Item = u32> {
        self.cut_off();
        self.kept.into_iter().map(|ranked| ranked.slot)
    }

    fn cut_off(&mut self) {
        if self.kept.len() > self.limit {
            let (_, worst, _) = self.kept.select_nth_unstable(self.limit.saturating_sub(1));
            self.threshold = worst.similarity;
            self.kept.truncate(self.limit);
        }
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        other.similarity.total_cmp(&self.similarity).then(self.id.cmp(&other.id))
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
