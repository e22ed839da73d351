//! A new index key: blind indexes are computed anew from the sealed values beside them.

use super::retirement::{Retirement, unread};
use super::sweep::{Row, written};
use super::{Cursor, Step};
use crate::{BlindIndex, Error, KeyId, KeyPurpose, Place, Plain, Result, Sealed, StorageError, Vault};

/// A stored blind index and the sealed value that it finds.
#[derive(Clone, Debug)]
pub struct IndexedRow {
    /// Continues after it.
    pub cursor: Cursor,
    /// The field's name, as it was given to [`Vault::blind_index`].
    pub field: &'static str,
    /// The stored index.
    pub index: BlindIndex,
    /// Where the value is.
    pub place: Place,
    /// The value.
    pub sealed: Sealed,
}

/// What is needed of storage to compute blind indexes anew. Each call is one transaction, durable when it returns.
pub trait IndexedRows {
    /// The first `limit` indexes computed with `key`, after `after` in some fixed order, from the beginning if there is
    /// no `after`; of every field. Empty only at the end. Indexes of other keys may be among them.
    ///
    /// # Errors
    /// Whatever storage says.
    fn indexed_after(
        &self,
        key: KeyId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> std::result::Result<Vec<IndexedRow>, StorageError>;

    /// Writes `index` where `row` is. False, and nothing changes, if index or value are no longer those of `row`, or
    /// if the fence refuses it.
    ///
    /// # Errors
    /// Whatever storage says.
    fn replace_index(&self, row: &IndexedRow, index: &BlindIndex) -> std::result::Result<bool, StorageError>;

    /// The same for each of several rows, in their order; storage may make them durable together.
    ///
    /// # Errors
    /// Whatever storage says; some of the rows may have been written.
    fn replace_each_index(
        &self,
        renewed: &[(IndexedRow, BlindIndex)],
    ) -> std::result::Result<Vec<bool>, StorageError> {
        renewed.iter().map(|(row, index)| self.replace_index(row, index)).collect()
    }

    /// The opened value of a field, normalised as it is for a look-up.
    fn normalised(&self, field: &str, value: &Plain) -> Plain;
}

/// Replaces the index key. Meanwhile [`Vault::lookup_indexes`] gives both indexes of a value.
pub struct IndexRotation(Retirement);

impl IndexRotation {
    /// Creates a new index key, under which indexes are stored from now on; the old one retires.
    ///
    /// # Errors
    /// [`Error::Contended`] if others did so at the same time; otherwise as [`Vault::blind_index`].
    pub fn begin(vault: Vault) -> Result<Self> {
        Retirement::begin(vault, &KeyPurpose::Index).map(Self)
    }

    /// Continues what was begun and not finished, without a new key; `None` if there is no such thing.
    ///
    /// # Errors
    /// Whatever storage says.
    pub fn resume(vault: Vault) -> Result<Option<Self>> {
        Ok(Retirement::resume(vault, &KeyPurpose::Index)?.map(Self))
    }

    /// Computes the indexes among the next `limit` anew; at the end of a pass that found none, destroys the old key.
    /// The index of an erased value is left: erasing a person removes it.
    ///
    /// # Errors
    /// Whatever storage says, and whatever keeps the keys from being read. The step may be repeated.
    pub fn step(&mut self, rows: &dyn IndexedRows, limit: usize) -> Result<Step<Place>> {
        self.0.step(
            |key, after| rows.indexed_after(key, after, limit.max(1)),
            |row: &IndexedRow| row.cursor.clone(),
            |vault, key, found| reindex(vault, key, rows, found),
        )
    }
}

fn reindex(
    vault: &Vault,
    key: KeyId,
    rows: &dyn IndexedRows,
    found: Vec<IndexedRow>,
) -> Result<Vec<Row<Place>>> {
    let (mut outcomes, mut renewed) = (Vec::new(), Vec::new());
    for row in found {
        if row.index.key_id() != key {
            outcomes.push(Row::Settled);
            continue;
        }
        match vault.open(&row.place, &row.sealed) {
            Ok(value) => {
                let index = vault.blind_index(row.field, &rows.normalised(row.field, &value))?;
                renewed.push((row, index));
            }
            Err(error) => outcomes.push(unread(row.place, error)?),
        }
    }
    let replaced = rows.replace_each_index(&renewed).map_err(Error::Storage)?;
    outcomes.extend(written(&replaced, renewed.len()));
    Ok(outcomes)
}
