//! A vault is opened only when its keys are the right ones.

use std::sync::Arc;

use super::{Inner, KeyCheck, Vault, VaultOptions};
use crate::key_cache::KeyCache;
use crate::{Error, KeyPurpose, KeyRows, MasterKeys, Result};

impl Vault {
    /// Opens the vault over stored keys. Writes nothing. Every key is looked at first, as [`VaultOptions`] says; the
    /// second value tells what was found. A contact's key that is damaged does not keep the others from being served.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] if some key is wrapped by a master key that was not given, [`Error::NotInitialised`]
    /// if the system or the index key was never created, [`Error::DamagedKey`] if one of those does not open, and
    /// whatever storage says.
    pub fn start(
        masters: MasterKeys,
        rows: Arc<dyn KeyRows>,
        options: &VaultOptions,
    ) -> Result<(Self, KeyCheck)> {
        let vault = Self::over(masters, rows, options);
        let check = vault.check_first(options.contact_keys_checked)?;
        vault.readable_keys(&KeyPurpose::System)?;
        vault.readable_keys(&KeyPurpose::Index)?;
        Ok((vault, check))
    }

    /// Creates the system and the index key where they are missing, then opens the vault. May be repeated after an
    /// interruption, and does nothing to keys that exist.
    ///
    /// # Errors
    /// As [`Vault::start`], except that nothing is missing. With another master key than the one that wraps the
    /// stored keys nothing is written.
    pub fn initialise(
        masters: MasterKeys,
        rows: Arc<dyn KeyRows>,
        options: &VaultOptions,
    ) -> Result<(Self, KeyCheck)> {
        let vault = Self::over(masters.clone(), Arc::clone(&rows), options);
        vault.check_first(options.contact_keys_checked)?;
        for purpose in [KeyPurpose::System, KeyPurpose::Index] {
            let live = vault.live_keys(&purpose)?;
            if live.current.is_some() {
                continue;
            }
            // A purpose that had keys and has none is not a beginning; a new key would hide the loss.
            if live.had_destroyed || !live.retiring.is_empty() {
                return Err(Error::NotInitialised { kind: purpose.kind() });
            }
            vault.add_key(&purpose, None)?;
        }
        Self::start(masters, rows, options)
    }

    fn over(masters: MasterKeys, rows: Arc<dyn KeyRows>, options: &VaultOptions) -> Self {
        let cache = KeyCache::new(options.cached_keys, options.cache_age);
        Self(Arc::new(Inner { masters, rows, cache, algorithm: options.algorithm }))
    }
}
