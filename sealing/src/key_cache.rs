//! Unwrapped keys in memory: bounded in number and age, overwritten with zeros when they leave.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::wrapping::DataKey;
use crate::{KeyId, KeyPurpose};

/// The keys of one purpose that are not destroyed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LiveKeys {
    pub(crate) current: Option<KeyId>,
    pub(crate) retiring: Vec<KeyId>,
    /// Whether the purpose had a key that was destroyed.
    pub(crate) had_destroyed: bool,
}

/// What was read from storage before a given change of the keys, so that it is not remembered after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

/// Shared by all clones of a vault. An entry older than `longest_age` is not found: another process may have destroyed
/// the key.
pub(crate) struct KeyCache {
    entries: Mutex<Entries>,
    longest_age: Duration,
}

struct Entries {
    keys: LruCache<KeyId, (Arc<DataKey>, Instant)>,
    live: LruCache<KeyPurpose, (LiveKeys, Instant)>,
    generation: u64,
}

impl KeyCache {
    pub(crate) fn new(capacity: NonZeroUsize, longest_age: Duration) -> Self {
        let entries = Entries { keys: LruCache::new(capacity), live: LruCache::new(capacity), generation: 0 };
        Self { entries: Mutex::new(entries), longest_age }
    }

    /// To be asked for before storage is read.
    pub(crate) fn generation(&self) -> Generation {
        Generation(self.lock().generation)
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<Arc<DataKey>> {
        let mut entries = self.lock();
        let (key, since) = entries.keys.get(&id)?;
        if since.elapsed() < self.longest_age {
            return Some(Arc::clone(key));
        }
        entries.keys.pop(&id);
        None
    }

    pub(crate) fn live(&self, purpose: &KeyPurpose) -> Option<LiveKeys> {
        let mut entries = self.lock();
        let (live, since) = entries.live.get(purpose)?;
        (since.elapsed() < self.longest_age).then(|| live.clone())
    }

    /// Remembers a key, unless the keys have changed since `generation`.
    pub(crate) fn remember_key(&self, key: &Arc<DataKey>, generation: Generation) {
        let mut entries = self.lock();
        if entries.generation == generation.0 {
            entries.keys.put(key.sealing.id, (Arc::clone(key), Instant::now()));
        }
    }

    /// Remembers the keys of a purpose, unless the keys have changed since `generation`.
    pub(crate) fn remember_live(&self, purpose: &KeyPurpose, live: &LiveKeys, generation: Generation) {
        let mut entries = self.lock();
        if entries.generation == generation.0 {
            entries.live.put(purpose.clone(), (live.clone(), Instant::now()));
        }
    }

    /// To be called after the keys of a purpose have changed.
    pub(crate) fn forget(&self, purpose: &KeyPurpose) {
        let mut entries = self.lock();
        entries.generation += 1;
        if let Some((live, _)) = entries.live.pop(purpose) {
            for id in live.current.into_iter().chain(live.retiring) {
                entries.keys.pop(&id);
            }
        }
    }

    /// To be called after this key was destroyed.
    pub(crate) fn forget_key(&self, id: KeyId) {
        let mut entries = self.lock();
        entries.generation += 1;
        entries.keys.pop(&id);
    }

    pub(crate) fn forget_all(&self) {
        let mut entries = self.lock();
        entries.generation += 1;
        entries.keys.clear();
        entries.live.clear();
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.lock().keys.len()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        // No entry is ever half written: a panic elsewhere leaves them sound.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrapping::{new_row, unwrap};
    use crate::{MasterKey, MasterKeys};

    fn key() -> Arc<DataKey> {
        let masters = MasterKeys::new(MasterKey::generate().unwrap());
        Arc::new(unwrap(&masters, &new_row(&masters, KeyPurpose::System).unwrap()).unwrap())
    }

    fn cache(capacity: usize, longest_age: Duration) -> KeyCache {
        KeyCache::new(NonZeroUsize::new(capacity).unwrap(), longest_age)
    }

    #[test]
    fn the_number_of_keys_is_bounded_and_the_one_that_leaves_is_dropped() {
        let cache = cache(3, Duration::MAX);
        let first = key();
        cache.remember_key(&first, cache.generation());
        assert_eq!(Arc::strong_count(&first), 2);
        for _ in 0..3 {
            cache.remember_key(&key(), cache.generation());
        }
        assert_eq!((cache.len(), Arc::strong_count(&first)), (3, 1));
        assert!(cache.key(first.sealing.id).is_none());
    }

    #[test]
    fn an_old_entry_is_not_found() {
        let cache = cache(3, Duration::ZERO);
        let old = key();
        cache.remember_key(&old, cache.generation());
        assert!(cache.key(old.sealing.id).is_none());
        assert_eq!(cache.len(), 0);
    }

    #[test]
    fn what_was_read_before_a_change_is_not_remembered_after_it() {
        let cache = cache(3, Duration::MAX);
        let stale = key();
        let before = cache.generation();
        cache.forget(&KeyPurpose::System);
        cache.remember_key(&stale, before);
        let live = LiveKeys { current: Some(stale.sealing.id), retiring: Vec::new(), had_destroyed: false };
        cache.remember_live(&KeyPurpose::System, &live, before);
        assert!(cache.key(stale.sealing.id).is_none() && cache.live(&KeyPurpose::System).is_none());
        cache.remember_key(&stale, cache.generation());
        cache.remember_live(&KeyPurpose::System, &live, cache.generation());
        assert!(cache.key(stale.sealing.id).is_some());
        assert_eq!(cache.live(&KeyPurpose::System), Some(live));
        cache.forget(&KeyPurpose::System);
        assert!(cache.key(stale.sealing.id).is_none() && cache.live(&KeyPurpose::System).is_none());
    }
}
