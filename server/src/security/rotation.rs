//! Keys of every kind replaced, each to its end. Whatever was begun and not finished is resumed first.

mod data;

use std::sync::Arc;

use sealing::{
    Vault,
    rotation::{IndexRotation, MasterRotation, Step},
};
use store::Store;
use tokio::runtime::Handle;

use self::data::DataKeys;
use super::{off_the_workers, stored_keys::StoredKeys};

/// Rows of a step. They share a commit, which customers' messages wait for.
const STEP: usize = 100;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rotated {
    /// Keys that were replaced.
    pub(crate) keys: u64,
    /// Rows that were written anew: keys, sealed values or indexes.
    pub(crate) moved: u64,
    /// Places that do not open, or do not hold what is indexed, and were left; their old key stays.
    pub(crate) unreadable: Vec<String>,
    /// Whether this went on with what an earlier run had begun; `None` for a master key, where beginning and going on are the
    /// same.
    pub(crate) resumed: Option<bool>,
}

impl Rotated {
    fn run<T: ToString>(
        &mut self,
        mut step: impl FnMut() -> sealing::Result<Step<T>>,
    ) -> sealing::Result<()> {
        loop {
            if let Step::Done(outcome) = step()? {
                self.moved += outcome.moved;
                self.unreadable.extend(outcome.unreadable.iter().map(ToString::to_string));
                return Ok(());
            }
        }
    }
}

/// Wraps every key with the current master key.
///
/// # Errors
/// Whatever the store says.
pub(crate) async fn rotate_master_key(vault: Vault) -> sealing::Result<Rotated> {
    off_the_workers(move || {
        let mut rotated = Rotated { keys: 1, ..Rotated::default() };
        let mut rotation = MasterRotation::new(vault);
        rotated.run(|| rotation.step(STEP))?;
        Ok(rotated)
    })
    .await
}

/// Makes every blind index anew with a new key, and destroys the old one.
///
/// # Errors
/// Whatever the store says.
pub(crate) async fn rotate_index_key(vault: Vault, store: &Arc<Store>) -> sealing::Result<Rotated> {
    let rows = StoredKeys::new(Arc::clone(store), Handle::current());
    off_the_workers(move || {
        let begun = IndexRotation::resume(vault.clone())?;
        let mut rotated = Rotated { keys: 1, resumed: Some(begun.is_some()), ..Rotated::default() };
        let mut rotation = begun.map_or_else(|| IndexRotation::begin(vault), Ok)?;
        rotated.run(|| rotation.step(&rows, STEP))?;
        Ok(rotated)
    })
    .await
}

/// Seals everything of the business and of every person anew with new keys, and destroys the old ones. A run that was stopped
/// is finished first, and then that is all: its people keep the keys that it gave them.
///
/// # Errors
/// Whatever the store says; among it that another process has taken the job over.
pub(crate) async fn rotate_data_keys(vault: Vault, store: &Arc<Store>) -> sealing::Result<Rotated> {
    let rows = StoredKeys::new(Arc::clone(store), Handle::current());
    off_the_workers(move || DataKeys::claim(vault, rows)?.finish()).await
}
