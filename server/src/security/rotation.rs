//! Keys of every kind replaced, each to its end. Whatever was begun and not finished is resumed first.

use std::sync::Arc;

use sealing::{
    Owner, Vault,
    rotation::{DataRotation, IndexRotation, MasterRotation, Step},
};
use store::{ContactId, Store};
use tokio::runtime::Handle;

use super::{off_the_workers, stored_keys::StoredKeys, stored_keys::sealing_contact};

/// Rows of a step. They share a commit, which customers' messages wait for.
const STEP: usize = 100;

/// People of a page.
const PAGE: u32 = 500;

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rotated {
    /// Keys that were replaced.
    pub(crate) keys: u64,
    /// Rows that were written anew: keys, sealed values or indexes.
    pub(crate) moved: u64,
    /// Places that do not open and were left; their old key stays.
    pub(crate) unreadable: Vec<String>,
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
        let mut rotated = Rotated { keys: 1, ..Rotated::default() };
        let mut rotation = match IndexRotation::resume(vault.clone())? {
            Some(begun) => begun,
            None => IndexRotation::begin(vault)?,
        };
        rotated.run(|| rotation.step(&rows, STEP))?;
        Ok(rotated)
    })
    .await
}

/// Seals everything of the business and of every person anew with new keys, and destroys the old ones. An erased person
/// has none.
///
/// # Errors
/// Whatever the store says.
pub(crate) async fn rotate_data_keys(vault: Vault, store: &Arc<Store>) -> sealing::Result<Rotated> {
    let rows = StoredKeys::new(Arc::clone(store), Handle::current());
    off_the_workers(move || {
        let mut rotated = Rotated::default();
        reseal(&vault, &rows, &Owner::System, &mut rotated)?;
        let mut after: Option<ContactId> = None;
        loop {
            let page =
                rows.wait(rows.store().contacts_after(after, PAGE)).map_err(sealing::Error::Storage)?;
            let Some(last) = page.last() else { return Ok(rotated) };
            after = Some(last.id);
            for contact in page {
                reseal(&vault, &rows, &Owner::Contact(sealing_contact(contact.id)?), &mut rotated)?;
            }
        }
    })
    .await
}

fn reseal(vault: &Vault, rows: &StoredKeys, owner: &Owner, rotated: &mut Rotated) -> sealing::Result<()> {
    let begun = match DataRotation::resume(vault.clone(), owner)? {
        Some(begun) => Ok(begun),
        None => DataRotation::begin(vault.clone(), owner),
    };
    let mut rotation = match begun {
        Err(sealing::Error::ContactErased { .. }) => return Ok(()),
        begun => begun?,
    };
    rotated.keys += 1;
    rotated.run(|| rotation.step(rows, STEP))
}
