//! The configured store, with the keys that seal what is kept in it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use sealing::{MasterKey, MasterKeySource, MasterKeys, Vault};
use store::{Location, Store};
use tempfile::TempDir;

use crate::{
    config::{Config, StoreConfig},
    security,
};

/// The store and its vault.
#[derive(Clone, Debug)]
pub struct Storage {
    /// The rows.
    pub(crate) store: Arc<Store>,
    /// Seals what is personal, and opens it.
    pub(crate) vault: Vault,
}

impl Storage {
    /// A new store in a temporary folder, sealed with a key that is written nowhere: nobody can read it once this
    /// process has ended. It is there as long as the folder that comes with it.
    ///
    /// # Errors
    /// When the folder or the store cannot be made.
    pub async fn temporary() -> anyhow::Result<(Self, TempDir)> {
        let folder = tempfile::Builder::new().prefix("yingda-").tempdir().context("a temporary folder")?;
        let storage = Self::sealed_for_this_process(&Location::File(folder.path().join("yingda.db"))).await?;
        Ok((storage, folder))
    }

    /// A store without keys at `location`, sealed with a key that is written nowhere.
    ///
    /// # Errors
    /// When the store cannot be opened, or has keys.
    pub async fn sealed_for_this_process(location: &Location) -> anyhow::Result<Self> {
        let store = Arc::new(Store::open(location).await?);
        let (vault, _) = security::initialise(MasterKeys::new(MasterKey::generate()?), &store).await?;
        Ok(Self { store, vault })
    }
}

/// Whether there is something to open. A server is taken to be there.
pub(crate) fn exists(config: &StoreConfig) -> bool {
    match Location::parse(&config.location) {
        Location::File(path) => path.exists(),
        Location::Server(_) => true,
    }
}

/// Opens the configured store where it [`exists`].
///
/// # Errors
/// As in [`open`].
pub(crate) async fn open_if_exists(config: &StoreConfig) -> anyhow::Result<Option<Arc<Store>>> {
    if exists(config) { open(config).await.map(Some) } else { Ok(None) }
}

/// Opens the configured store. A file that is missing is made, with its folder, which only its owner may enter.
///
/// # Errors
/// [`store::Error`] in its chain.
pub(crate) async fn open(config: &StoreConfig) -> anyhow::Result<Arc<Store>> {
    let location = Location::parse(&config.location);
    if let Location::File(path) = &location {
        make_folder_of(path)?;
    }
    let store = Store::open(&location).await;
    Ok(Arc::new(store.with_context(|| format!("cannot open the store ({location:?})"))?))
}

/// Opens the vault over the configured master key; `None` where the store has no key yet.
///
/// # Errors
/// [`sealing::Error`] in its chain: a wrong master key among them.
pub(crate) async fn open_vault(config: &Config, store: &Arc<Store>) -> anyhow::Result<Option<Vault>> {
    if !has_keys(store).await? {
        return Ok(None);
    }
    let masters = security::masters(&config.keys).await.context("cannot open the store's keys")?;
    let (vault, check) = security::open(masters, store).await.context("cannot open the store's keys")?;
    for key in check.damaged {
        tracing::error!(%key, "a stored key does not open: restore it from a backup");
    }
    Ok(Some(vault))
}

/// Whether keys were ever made in this store.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn has_keys(store: &Store) -> store::Result<bool> {
    Ok(!store.keys_after(None, 1).await?.is_empty())
}

/// Makes the file of the master key if it is missing; whether it did. Not where the store has keys: another master key
/// could not open them.
///
/// # Errors
/// When the file cannot be made or the store cannot be read.
pub(crate) async fn make_master_key(config: &Config, store: &Store) -> anyhow::Result<bool> {
    let MasterKeySource::File(path) = &config.keys.master else { return Ok(false) };
    if path.exists() || has_keys(store).await? {
        return Ok(false);
    }
    make_folder_of(path)?;
    MasterKey::generate()?.create_file(path)?;
    Ok(true)
}

/// A folder for the store or its keys cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make the folder {}", folder.display())]
pub(crate) struct NoFolder {
    folder: PathBuf,
    source: std::io::Error,
}

/// Makes the folder of a file where it is missing; only its owner may enter it.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn make_folder_of(path: &Path) -> Result<(), NoFolder> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| NoFolder { folder: folder.to_owned(), source })
}
