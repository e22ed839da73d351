//! A new data key: what the old one sealed is sealed anew.

use super::retirement::{Retirement, unread};
use super::sweep::{Row, written};
use super::{Cursor, Step};
use crate::vault::purpose_of;
use crate::{Error, KeyId, Owner, Place, Result, Sealed, StorageError, Vault};

/// A stored sealed value.
#[derive(Clone, Debug)]
pub struct SealedRow {
    /// Continues after it.
    pub cursor: Cursor,
    /// Where it is.
    pub place: Place,
    /// What is there.
    pub sealed: Sealed,
}

/// What is needed of storage to seal values anew. Whatever a call has written is durable when it returns.
pub trait SealedRows {
    /// The first `limit` values that `key` sealed, after `after` in some fixed order, from the beginning if there is no
    /// `after`; over every table and column that holds values of the key's owner. Empty only at the end. Values of
    /// other keys may be among them.
    ///
    /// # Errors
    /// Whatever storage says.
    fn sealed_after(
        &self,
        key: KeyId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> std::result::Result<Vec<SealedRow>, StorageError>;

    /// Writes each new value where its row is. The answers are in the order of the rows: false, and that row does not
    /// change, if the value is no longer equal to the one of the row, or if the fence refuses the new one. Storage may
    /// make them durable together.
    ///
    /// # Errors
    /// Whatever storage says; some of the rows may have been written.
    fn replace_each_sealed(
        &self,
        renewed: &[(SealedRow, Sealed)],
    ) -> std::result::Result<Vec<bool>, StorageError>;
}

/// Replaces the data key of the system or of one contact.
pub struct DataRotation(Retirement);

impl DataRotation {
    /// Gives the owner a new key, which seals from now on; the old one retires.
    ///
    /// # Errors
    /// [`Error::Contended`] if others did so, or erased the contact, at the same time: look again. Otherwise as
    /// [`Vault::seal`].
    pub fn begin(vault: Vault, owner: &Owner) -> Result<Self> {
        Retirement::begin(vault, &purpose_of(owner)).map(Self)
    }

    /// Continues what was begun and not finished, without a new key; `None` if there is no such thing.
    ///
    /// # Errors
    /// Whatever storage says.
    pub fn resume(vault: Vault, owner: &Owner) -> Result<Option<Self>> {
        Ok(Retirement::resume(vault, &purpose_of(owner))?.map(Self))
    }

    /// Seals the values among the next `limit` anew; at the end of a pass that found none, destroys the old key.
    ///
    /// # Errors
    /// Whatever storage says, and whatever keeps the keys from being read. The step may be repeated.
    pub fn step(&mut self, rows: &dyn SealedRows, limit: usize) -> Result<Step<Place>> {
        self.0.step(
            |key, after| rows.sealed_after(key, after, limit.max(1)),
            |row: &SealedRow| row.cursor.clone(),
            |vault, key, found| reseal(vault, key, rows, found),
        )
    }
}

fn reseal(
    vault: &Vault,
    key: KeyId,
    rows: &dyn SealedRows,
    found: Vec<SealedRow>,
) -> Result<Vec<Row<Place>>> {
    let (mut outcomes, mut renewed) = (Vec::new(), Vec::new());
    for row in found {
        if row.sealed.key_id() != Some(key) {
            outcomes.push(Row::Settled);
            continue;
        }
        match vault.open(&row.place, &row.sealed) {
            Ok(plain) => {
                let sealed = vault.seal(&row.place, &plain)?;
                renewed.push((row, sealed));
            }
            Err(error) => outcomes.push(unread(row.place, error)?),
        }
    }
    let replaced = rows.replace_each_sealed(&renewed).map_err(Error::Storage)?;
    outcomes.extend(written(&replaced, renewed.len()));
    Ok(outcomes)
}
