//! `sealing`'s keys as rows of the store.

use std::sync::Arc;

use futures::future::join_all;
use sealing::{KeyRow, KeyRows, StorageError};
use store::{Key, Store, Wrapped};
use tokio::runtime::Handle;
use uuid::Uuid;

/// The store, asked from threads that may wait.
#[derive(Clone)]
pub(crate) struct StoredKeys {
    store: Arc<Store>,
    runtime: Handle,
}

impl StoredKeys {
    /// `runtime` drives the store. The calls of [`KeyRows`] panic on a worker thread of a runtime, which must not wait.
    pub(crate) fn new(store: Arc<Store>, runtime: Handle) -> Self {
        Self { store, runtime }
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for the store.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = store::Result<T>>) -> Result<T, StorageError> {
        self.runtime.block_on(answer).map_err(StorageError::from)
    }

    /// Waits for all exchanges of values at once, so that they share a commit. One that the fence refuses changed nothing.
    pub(super) fn write_each(
        &self,
        answers: impl IntoIterator<Item = impl Future<Output = store::Result<bool>>>,
    ) -> Result<Vec<bool>, StorageError> {
        let exchanged = self.runtime.block_on(join_all(answers)).into_iter().map(|answer| match answer {
            Err(store::Error::KeyNotCurrent { .. }) => Ok(false),
            exchanged => exchanged.map_err(StorageError::from),
        });
        exchanged.collect()
    }
}

impl KeyRows for StoredKeys {
    fn load(&self, id: sealing::KeyId) -> Result<Option<KeyRow>, StorageError> {
        self.wait(self.store.key(to_store(id)))?.map(to_sealing).transpose()
    }

    fn of_purpose(&self, purpose: &sealing::KeyPurpose) -> Result<Vec<KeyRow>, StorageError> {
        self.wait(self.store.keys_of(stored_purpose(purpose)?))?.into_iter().map(to_sealing).collect()
    }

    fn after(&self, after: Option<sealing::KeyId>, limit: usize) -> Result<Vec<KeyRow>, StorageError> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        self.wait(self.store.keys_after(after.map(to_store), limit))?.into_iter().map(to_sealing).collect()
    }

    fn add(&self, row: &KeyRow, succeeds: Option<sealing::KeyId>) -> Result<bool, StorageError> {
        match self.runtime.block_on(self.store.add_key(stored(row)?, succeeds.map(to_store))) {
            // Somebody else added one at the same moment.
            Err(store::Error::Conflict { .. }) => Ok(false),
            added => added.map_err(StorageError::from),
        }
    }

    fn replace_each(&self, rows: &[(KeyRow, KeyRow)]) -> Result<Vec<bool>, StorageError> {
        let rows = rows.iter().map(|(expected, row)| Ok((stored(expected)?, stored(row)?)));
        let rows = rows.collect::<Result<Vec<_>, StorageError>>()?;
        self.write_each(rows.into_iter().map(|(expected, row)| self.store.replace_key(expected, row)))
    }
}

/// The store's name of a key.
pub(super) fn to_store(id: sealing::KeyId) -> store::KeyId {
    store::KeyId(id.to_i64())
}

/// A contact's id as `sealing` knows it.
pub(crate) fn sealing_contact(contact: store::ContactId) -> sealing::Result<sealing::ContactId> {
    sealing::ContactId::new(contact.to_string())
}

fn stored_purpose(purpose: &sealing::KeyPurpose) -> Result<store::KeyPurpose, StorageError> {
    Ok(match purpose {
        sealing::KeyPurpose::Contact(contact) => {
            store::KeyPurpose::Contact(Uuid::try_parse(contact.as_str())?.into())
        }
        sealing::KeyPurpose::System => store::KeyPurpose::System,
        sealing::KeyPurpose::Index => store::KeyPurpose::Index,
    })
}

fn stored(row: &KeyRow) -> Result<Key, StorageError> {
    let bytes = |sealed: &sealing::Sealed| Wrapped(sealed.as_bytes().to_vec());
    Ok(Key {
        id: to_store(row.id),
        purpose: stored_purpose(&row.purpose)?,
        state: match row.state {
            sealing::KeyState::Current => store::KeyState::Current,
            sealing::KeyState::Retiring => store::KeyState::Retiring,
            sealing::KeyState::Destroyed => store::KeyState::Destroyed,
        },
        wrapped: bytes(&row.wrapped),
        canary: bytes(&row.canary),
    })
}

fn to_sealing(key: Key) -> Result<KeyRow, StorageError> {
    Ok(KeyRow {
        id: sealing::KeyId::from_i64(key.id.0).ok_or("a key has a negative id")?,
        purpose: match key.purpose {
            store::KeyPurpose::Contact(contact) => sealing::KeyPurpose::Contact(sealing_contact(contact)?),
            store::KeyPurpose::System => sealing::KeyPurpose::System,
            store::KeyPurpose::Index => sealing::KeyPurpose::Index,
        },
        state: match key.state {
            store::KeyState::Current => sealing::KeyState::Current,
            store::KeyState::Retiring => sealing::KeyState::Retiring,
            store::KeyState::Destroyed => sealing::KeyState::Destroyed,
        },
        wrapped: sealing::Sealed::from_bytes(key.wrapped.0),
        canary: sealing::Sealed::from_bytes(key.canary.0),
    })
}
