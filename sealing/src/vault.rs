//! The handle that everybody holds: it seals and opens.

mod check;
mod contacts;
mod keys;
mod start;

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use crate::key_cache::KeyCache;
use crate::{
    Algorithm, BlindIndex, Error, KeyPurpose, KeyRows, MasterKeys, Owner, Place, Plain, Result, Sealed,
};

pub use check::{KeyCheck, KeyCount};

/// How a vault works; the default suits one process.
#[derive(Clone, Debug)]
pub struct VaultOptions {
    /// What new values are sealed with; values of every algorithm are opened.
    pub algorithm: Algorithm,
    /// Unwrapped keys kept in memory at most, each about 400 bytes.
    pub cached_keys: NonZeroUsize,
    /// How long an unwrapped key is used without looking whether another process has replaced or destroyed it.
    pub cache_age: Duration,
    /// Contacts' keys whose canary is opened at the start, some microseconds each; the others' when they are first
    /// used. Which master key wraps it is always looked at, for every key.
    pub contact_keys_checked: usize,
}

impl Default for VaultOptions {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::default(),
            cached_keys: NonZeroUsize::MIN.saturating_add(9_999),
            cache_age: Duration::from_secs(60),
            contact_keys_checked: 10_000,
        }
    }
}

/// Seals values, opens them and computes blind indexes. Cheap to clone, for all threads; clones share one cache of
/// unwrapped keys.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    masters: MasterKeys,
    rows: Arc<dyn KeyRows>,
    cache: KeyCache,
    algorithm: Algorithm,
}

impl Vault {
    /// Seals `plain` for `place` with the current key of its owner.
    ///
    /// # Errors
    /// [`Error::NoContactKey`] or [`Error::ContactErased`] if the contact has no current key, [`Error::TooLong`],
    /// and whatever keeps the key from being read.
    pub fn seal(&self, place: &Place, plain: &Plain) -> Result<Sealed> {
        let key = self.current_key(&purpose_of(&place.owner))?;
        key.sealing
            .seal(self.0.algorithm, plain.expose_bytes(), &place.binding())?
            .ok_or_else(|| Error::TooLong { place: Box::new(place.clone()) })
    }

    /// Opens what was sealed for `place`, whichever key and algorithm it was sealed with.
    ///
    /// # Errors
    /// [`Error::Damaged`] if it was sealed elsewhere or altered, [`Error::Erased`] if its key was destroyed,
    /// [`Error::UnknownKey`], and whatever keeps the key from being read.
    pub fn open(&self, place: &Place, sealed: &Sealed) -> Result<Plain> {
        let id = sealed.key_id().ok_or_else(|| Error::damaged(place, crate::Fault::Truncated))?;
        let key = self.key_at(place, id)?;
        key.sealing.open(sealed, &place.binding()).map_err(|fault| Error::damaged(place, fault))
    }

    /// The index to store for a normalised value of a field.
    ///
    /// # Errors
    /// Whatever keeps the index key from being read.
    pub fn blind_index(&self, field: &str, value: &Plain) -> Result<BlindIndex> {
        Ok(self.current_key(&KeyPurpose::Index)?.index.index(field, value))
    }

    /// Every index under which a normalised value of a field may be stored, the current one first: two while the index
    /// key is being replaced. A row that must be unique is looked up under all of them in the transaction that adds it.
    /// A key that another process has created is known after [`VaultOptions::cache_age`].
    ///
    /// # Errors
    /// Whatever keeps the index keys from being read.
    pub fn lookup_indexes(&self, field: &str, value: &Plain) -> Result<Vec<BlindIndex>> {
        let keys = self.readable_keys(&KeyPurpose::Index)?;
        Ok(keys.iter().map(|key| key.index.index(field, value)).collect())
    }

    /// Forgets every unwrapped key and reads the keys again when they are needed: for a writer whose value was refused
    /// because its key is no longer current, and before the process is examined.
    pub fn forget_keys(&self) {
        self.0.cache.forget_all();
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Vault(master key {})", self.0.masters.current().id())
    }
}

pub(crate) fn purpose_of(owner: &Owner) -> KeyPurpose {
    match owner {
        Owner::Contact(contact) => KeyPurpose::Contact(contact.clone()),
        Owner::System => KeyPurpose::System,
    }
}
