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
    pub field: String,
    /// The stored index.
    pub index: BlindIndex,
    /// Where the sealed value is that holds the field.
    pub place: Place,
    /// That value.
    pub sealed: Sealed,
}

/// What is needed of storage to compute blind indexes anew. Whatever a call has written is durable when it returns.
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

    /// Writes each new index where its row is. The answers are in the order of the rows: false, and that row does not
    /// change, if index or value are no longer those of the row, or if the fence refuses the new one. Storage may make
    /// them durable together.
    ///
    /// # Errors
    /// Whatever storage says; some of the rows may have been written.
    fn replace_each_index(
        &self,
        renewed: &[(IndexedRow, BlindIndex)],
    ) -> std::result::Result<Vec<bool>, StorageError>;

    /// What the index of `field` is computed from, normalised as it is for a look-up: `opened` itself, or the field's
    /// part of it. `None` if the opened value holds no such field, so that its index cannot be computed.
    fn indexed_value(&self, field: &str, opened: &Plain) -> Option<Plain>;
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
            Ok(opened) => match rows.indexed_value(&row.field, &opened) {
                Some(value) => {
                    let index = vault.blind_index(&row.field, &value)?;
                    renewed.push((row, index));
                }
                None => outcomes.push(Row::Unreadable(row.place)),
            },
            Err(error) => outcomes.push(unread(row.place, error)?),
        }
    }
    let replaced = rows.replace_each_index(&renewed).map_err(Error::Storage)?;
    outcomes.extend(written(&replaced, renewed.len()));
    Ok(outcomes)
}
