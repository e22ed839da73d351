//! From a purpose or an id to an unwrapped key, through the cache.

use std::sync::Arc;

use super::Vault;
use crate::key_cache::LiveKeys;
use crate::wrapping::{self, DataKey};
use crate::{Error, KeyId, KeyPurpose, KeyRow, KeyState, MasterKeys, Place, Result};

/// How often an operation starts again because others changed the same keys.
const TRIES: usize = 16;

/// A stored key as it was found by its id.
enum Found {
    Live(Arc<DataKey>),
    Destroyed,
    Nowhere,
}

impl Vault {
    /// The key that new values of a purpose are sealed with.
    pub(super) fn current_key(&self, purpose: &KeyPurpose) -> Result<Arc<DataKey>> {
        for _ in 0..TRIES {
            let live = self.live_keys(purpose)?;
            let current = live.current.ok_or_else(|| missing(purpose, &live))?;
            if let Found::Live(key) = self.find_key(current)? {
                return Ok(key);
            }
            // Destroyed, by another process, since the purpose's keys were remembered.
            self.0.cache.forget(purpose);
        }
        Err(Error::Contended)
    }

    /// Every key of a purpose that opens, the current one first.
    pub(super) fn readable_keys(&self, purpose: &KeyPurpose) -> Result<Vec<Arc<DataKey>>> {
        let mut keys = vec![self.current_key(purpose)?];
        for id in self.live_keys(purpose)?.retiring {
            if let Found::Live(key) = self.find_key(id)? {
                keys.push(key);
            }
        }
        Ok(keys)
    }

    /// The key that a value found at `place` names.
    pub(super) fn key_at(&self, place: &Place, id: KeyId) -> Result<Arc<DataKey>> {
        match self.find_key(id)? {
            Found::Live(key) => Ok(key),
            Found::Destroyed => Err(Error::Erased { place: Box::new(place.clone()), key: id }),
            Found::Nowhere => Err(Error::UnknownKey { place: Box::new(place.clone()), key: id }),
        }
    }

    pub(super) fn live_keys(&self, purpose: &KeyPurpose) -> Result<LiveKeys> {
        if let Some(live) = self.0.cache.live(purpose) {
            return Ok(live);
        }
        let generation = self.0.cache.generation();
        let live = LiveKeys::of(&self.rows_of(purpose)?);
        // A purpose without a current key is asked about again: the key may be created at any moment.
        if live.current.is_some() {
            self.0.cache.remember_live(purpose, &live, generation);
        }
        Ok(live)
    }

    fn find_key(&self, id: KeyId) -> Result<Found> {
        if let Some(key) = self.0.cache.key(id) {
            return Ok(Found::Live(key));
        }
        let generation = self.0.cache.generation();
        let Some(row) = self.0.rows.load(id).map_err(Error::Storage)? else { return Ok(Found::Nowhere) };
        if row.state == KeyState::Destroyed {
            return Ok(Found::Destroyed);
        }
        let key = Arc::new(wrapping::unwrap(&self.0.masters, &row)?);
        self.0.cache.remember_key(&key, generation);
        Ok(Found::Live(key))
    }

    /// The id of the key that new values of a purpose are sealed with.
    pub(crate) fn current_key_id(&self, purpose: &KeyPurpose) -> Result<KeyId> {
        let live = self.live_keys(purpose)?;
        live.current.ok_or_else(|| missing(purpose, &live))
    }

    pub(crate) fn forget_keys_of(&self, purpose: &KeyPurpose) {
        self.0.cache.forget(purpose);
    }

    pub(crate) fn rows_of(&self, purpose: &KeyPurpose) -> Result<Vec<KeyRow>> {
        self.0.rows.of_purpose(purpose).map_err(Error::Storage)
    }

    pub(crate) fn rows_after(&self, after: Option<KeyId>, limit: usize) -> Result<Vec<KeyRow>> {
        self.0.rows.after(after, limit).map_err(Error::Storage)
    }

    pub(crate) fn masters(&self) -> &MasterKeys {
        &self.0.masters
    }

    /// Stores a new current key for a purpose. False if the purpose has a current key other than `succeeds`.
    pub(crate) fn add_key(&self, purpose: &KeyPurpose, succeeds: Option<KeyId>) -> Result<bool> {
        let row = wrapping::new_row(&self.0.masters, purpose.clone())?;
        let added = self.0.rows.add(&row, succeeds).map_err(Error::Storage);
        // Also after an error: the change may have been made before it.
        self.0.cache.forget(purpose);
        added
    }

    /// Writes each new row in place of the expected one; false where that was changed by others.
    pub(crate) fn replace_keys(&self, rows: &[(KeyRow, KeyRow)]) -> Result<Vec<bool>> {
        self.0.rows.replace_each(rows).map_err(Error::Storage)
    }

    /// Destroys one key, whatever others change at the same time. True if this call did it.
    pub(crate) fn destroy_key(&self, id: KeyId) -> Result<bool> {
        for _ in 0..TRIES {
            let row = self.0.rows.load(id).map_err(Error::Storage)?;
            let Some(row) = row.filter(|row| row.state != KeyState::Destroyed) else { return Ok(false) };
            let (purpose, destroyed) = (row.purpose.clone(), wrapping::destroyed(&row));
            let replaced = self.replace_keys(&[(row, destroyed)]);
            self.0.cache.forget(&purpose);
            self.0.cache.forget_key(id);
            if replaced? == [true] {
                return Ok(true);
            }
        }
        Err(Error::Contended)
    }
}

impl LiveKeys {
    fn of(rows: &[KeyRow]) -> Self {
        let in_state = |state| rows.iter().filter(move |row| row.state == state).map(|row| row.id);
        Self {
            current: in_state(KeyState::Current).next(),
            retiring: in_state(KeyState::Retiring).collect(),
            had_destroyed: in_state(KeyState::Destroyed).next().is_some(),
        }
    }
}

fn missing(purpose: &KeyPurpose, live: &LiveKeys) -> Error {
    match purpose {
        KeyPurpose::Contact(contact) if live.had_destroyed => {
            Error::ContactErased { contact: contact.clone() }
        }
        KeyPurpose::Contact(contact) => Error::NoContactKey { contact: contact.clone() },
        KeyPurpose::System | KeyPurpose::Index => Error::NotInitialised { kind: purpose.kind() },
    }
}
