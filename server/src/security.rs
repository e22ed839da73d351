//! `sealing` over `store`: the keys that seal what is kept, and the values that they seal.
//!
//! `sealing` states as traits what it asks of storage; the files here answer with the store. Its calls block, so they are
//! made on blocking threads ([`off_the_workers`]), where waiting for the store is allowed.

mod identity;
mod indexed_fields;
mod places;
mod profile;
mod rotation;
mod sealed_rows;
mod stored_keys;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use sealing::{KeyCheck, KeyRows, MasterKeys, StorageError, Vault, VaultOptions};
use store::{ContactId, Store};
use tokio::runtime::Handle;

use crate::config::KeysConfig;

pub(crate) use self::identity::{Identity, NewContact};
pub(crate) use self::indexed_fields::IndexedField;
pub(crate) use self::places::{body, of_cell};
pub(crate) use self::profile::with_field;
pub(crate) use self::rotation::{Rotated, rotate_data_keys, rotate_index_key, rotate_master_key};
pub(crate) use self::stored_keys::StoredKeys;

/// Opens the vault over the store's keys; what was found is the second value.
///
/// # Errors
/// As [`Vault::start`]: a wrong master key among them. Nothing was written.
pub(crate) async fn open(masters: MasterKeys, store: &Arc<Store>) -> sealing::Result<(Vault, KeyCheck)> {
    let rows = rows(store);
    off_the_workers(move || Vault::start(masters, rows, &VaultOptions::default())).await
}

/// The same, after the keys that are missing were made.
///
/// # Errors
/// As [`Vault::initialise`].
pub(crate) async fn initialise(
    masters: MasterKeys,
    store: &Arc<Store>,
) -> sealing::Result<(Vault, KeyCheck)> {
    let rows = rows(store);
    off_the_workers(move || Vault::initialise(masters, rows, &VaultOptions::default())).await
}

/// The configured master keys. May wait for a program, so on a blocking thread.
///
/// # Errors
/// [`sealing::Error::MasterKey`] naming the place.
pub(crate) async fn masters(config: &KeysConfig) -> sealing::Result<MasterKeys> {
    let KeysConfig { master, previous } = config.clone();
    off_the_workers(move || {
        let masters = MasterKeys::new(master.load()?);
        previous.map_or(Ok(masters.clone()), |previous| Ok(masters.and(previous.load()?)))
    })
    .await
}

/// Runs what blocks or computes where that holds nobody up.
///
/// # Errors
/// Those of `work`; [`sealing::Error::Storage`] when the process is ending.
pub(crate) async fn off_the_workers<T: Send + 'static, E: From<sealing::Error> + Send + 'static>(
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, E> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(sealing::Error::Storage(StorageError::from(error)).into()))
}

/// Destroys the key of a contact that was never stored.
///
/// # Errors
/// Whatever the store says.
pub(crate) fn forget_contact(vault: &Vault, contact: ContactId) -> sealing::Result<()> {
    vault.destroy_contact_keys(&stored_keys::sealing_contact(contact)?).map(drop)
}

fn rows(store: &Arc<Store>) -> Arc<dyn KeyRows> {
    Arc::new(StoredKeys::new(Arc::clone(store), Handle::current()))
}
