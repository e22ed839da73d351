//! Sentences that were encoded before, by their exact text. Asked by the embedder before a request is queued, filled by
//! the workers.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use moka::Equivalent;
use moka::sync::Cache;

use crate::stats::Counter;
use crate::{EmbeddedText, Role};

/// Longer texts (bytes) are not kept: they are seldom asked twice, and the number of entries could not bound the memory.
const LONGEST_KEPT_TEXT: usize = 2_048;

/// What the cache did since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheStats {
    /// Texts answered without a model.
    pub hits: u64,
    /// Texts that had to be encoded.
    pub misses: u64,
    /// Vectors held now, approximately: recent changes may be counted late.
    pub entries: u64,
}

/// Bounded by the number of entries; when full it keeps those asked often and lately (TinyLFU), so that one pass over a
/// large knowledge base does not drive out the customers' usual questions.
pub(crate) struct EmbeddingCache {
    entries: Cache<Key, EmbeddedText>,
    fingerprint: Arc<str>,
    hits: Counter,
    misses: Counter,
}

impl EmbeddingCache {
    /// A cache for vectors of the model with this fingerprint. `capacity` 0 keeps nothing.
    pub(crate) fn new(capacity: u64, fingerprint: &str) -> Self {
        Self {
            entries: Cache::new(capacity),
            fingerprint: fingerprint.into(),
            hits: Counter::default(),
            misses: Counter::default(),
        }
    }

    pub(crate) fn get(&self, text: &str, role: Role) -> Option<EmbeddedText> {
        let found = self.entries.get(&KeyRef { fingerprint: &self.fingerprint, role, text });
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.add(1);
        found
    }

    pub(crate) fn insert(&self, text: &str, role: Role, embedded: EmbeddedText) {
        if text.len() <= LONGEST_KEPT_TEXT {
            let fingerprint = Arc::clone(&self.fingerprint);
            self.entries.insert(Key { fingerprint, role, text: text.into() }, embedded);
        }
    }

    pub(crate) fn stats(&self) -> CacheStats {
        CacheStats {
            hits: self.hits.value(),
            misses: self.misses.value(),
            entries: self.entries.entry_count(),
        }
    }
}

#[derive(PartialEq, Eq)]
struct Key {
    fingerprint: Arc<str>,
    role: Role,
    text: Box<str>,
}

/// The same key without owning its text, so that a look-up allocates nothing.
#[derive(Hash)]
struct KeyRef<'a> {
    fingerprint: &'a str,
    role: Role,
    text: &'a str,
}

impl Key {
    fn borrowed(&self) -> KeyRef<'_> {
        KeyRef { fingerprint: &self.fingerprint, role: self.role, text: &self.text }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.borrowed().hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.text == &*key.text && self.role == key.role && self.fingerprint == &*key.fingerprint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Embedding;

    fn embedded(angle: f32) -> EmbeddedText {
        let vector = Embedding::normalized(vec![angle.cos(), angle.sin()]).unwrap();
        EmbeddedText { vector, tokens: 4 }
    }

    #[test]
    fn a_vector_is_found_by_text_and_role() {
        let cache = EmbeddingCache::new(10, "model");
        cache.insert("退款", Role::Query, embedded(1.0));
        assert_eq!(cache.get("退款", Role::Query), Some(embedded(1.0)));
        assert_eq!(cache.get("退款", Role::Passage), None);
        assert_eq!(cache.get("退", Role::Query), None);
        let stats = cache.stats();
        assert_eq!((stats.hits, stats.misses), (1, 2));
    }

    #[test]
    fn the_number_of_entries_is_bounded() {
        let cache = EmbeddingCache::new(10, "model");
        for number in 0..100_u8 {
            cache.insert(&number.to_string(), Role::Query, embedded(f32::from(number)));
        }
        cache.entries.run_pending_tasks();
        assert!((1..=10).contains(&cache.stats().entries));
    }

    #[test]
    fn capacity_zero_and_long_texts_are_not_kept() {
        let none = EmbeddingCache::new(0, "model");
        none.insert("text", Role::Query, embedded(1.0));
        none.entries.run_pending_tasks();
        assert_eq!(none.get("text", Role::Query), None);

        let cache = EmbeddingCache::new(10, "model");
        let long = "长".repeat(LONGEST_KEPT_TEXT);
        cache.insert(&long, Role::Query, embedded(1.0));
        assert_eq!(cache.get(&long, Role::Query), None);
    }
}
