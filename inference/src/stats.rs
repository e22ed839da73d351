//! What an embedder or a reranker did since its start, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts since the start; each only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmbedderStats {
    /// Texts asked for, whatever came of them.
    pub requests: u64,
    /// Texts answered from the cache.
    pub cache_hits: u64,
    /// Texts not found in the cache.
    pub cache_misses: u64,
    /// Texts refused because the queue was full.
    pub overloaded: u64,
    /// Texts dropped before encoding because their caller had left.
    pub skipped: u64,
    /// Batches given to the model.
    pub batches: u64,
    /// Texts in those batches.
    pub encoded: u64,
    /// Batches and tokenizations that failed as a whole.
    pub failures: u64,
}

/// Counts since the start; each only grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RerankerStats {
    /// Questions asked, whatever came of them.
    pub requests: u64,
    /// Questions refused because the queue was full.
    pub overloaded: u64,
    /// Questions dropped before all their pairs were scored because their caller had left.
    pub skipped: u64,
    /// Batches given to the model.
    pub batches: u64,
    /// Pairs in those batches.
    pub scored: u64,
    /// Questions that failed.
    pub failures: u64,
}

/// The counters behind [`EmbedderStats`] and [`RerankerStats`] that callers and workers share.
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) requests: Counter,
    pub(crate) overloaded: Counter,
    pub(crate) skipped: Counter,
    pub(crate) batches: Counter,
    /// Texts or pairs given to the model.
    pub(crate) computed: Counter,
    pub(crate) failures: Counter,
}

/// One count.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self, count: usize) {
        self.0.fetch_add(count as u64, Ordering::Relaxed);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
