//! A new data key: what the old one sealed is sealed anew.

use super::retirement::{Retirement, unread};
use super::sweep::Row;
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

/// What is needed of storage to seal values anew. Each call is one transaction, durable when it returns.
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

    /// Writes `sealed` where `row` is. False, and nothing changes, if the value is no longer equal to the one of `row`,
    /// or if the fence refuses it.
    ///
    /// # Errors
    /// Whatever storage says.
    fn replace_sealed(&self, row: &SealedRow, sealed: &Sealed) -> std::result::Result<bool, StorageError>;
}

/// Replaces the data key of the system or of one contact.
pub struct DataRotation(Retirement);

impl DataRotation {
    /// Gives the owner a new key, which seals from now on; the old one retires.
    ///
    /// # Errors
    /// [`Error::Contended`] if others did so at the same time; otherwise as [`Vault::seal`].
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
            |vault, key, row: SealedRow| {
                let renewed = reseal(vault, key, rows, &row)?;
                Ok((row.cursor, renewed))
            },
        )
    }
}

fn reseal(vault: &Vault, key: KeyId, rows: &dyn SealedRows, row: &SealedRow) -> Result<Row<Place>> {
    if row.sealed.key_id() != Some(key) {
        return Ok(Row::Settled);
    }
    let plain = match vault.open(&row.place, &row.sealed) {
        Ok(plain) => plain,
        Err(error) => return unread(row.place.clone(), error),
    };
    let sealed = vault.seal(&row.place, &plain)?;
    let replaced = rows.replace_sealed(row, &sealed).map_err(Error::Storage)?;
    Ok(if replaced { Row::Moved } else { Row::Changed })
}
