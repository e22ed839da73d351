//! The store's sealed values and blind indexes, as a rotation goes through them.

use sealing::{
    BlindIndex, KeyId, Plain, StorageError,
    rotation::{Cursor, IndexedRow, IndexedRows, SealedRow, SealedRows},
};
use store::{CellCursor, IndexedCell, Sealed, SealedCell};

use super::{
    indexed_fields::IndexedField,
    places::of_cell,
    profile::Profile,
    stored_keys::{StoredKeys, to_store},
};

impl SealedRows for StoredKeys {
    fn sealed_after(
        &self,
        key: KeyId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<SealedRow>, StorageError> {
        let after = after.map(from_cursor).transpose()?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let cells = self.wait(self.store().cells_sealed_by(to_store(key), after, limit))?;
        cells.into_iter().map(sealed_row).collect()
    }

    fn replace_each_sealed(
        &self,
        renewed: &[(SealedRow, sealing::Sealed)],
    ) -> Result<Vec<bool>, StorageError> {
        let places = renewed.iter().map(|(row, _)| from_cursor(&row.cursor));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        self.write_each(
            places.into_iter().zip(renewed).map(|(at, (row, sealed))| {
                self.store().reseal(at, to_stored(&row.sealed), to_stored(sealed))
            }),
        )
    }
}

impl IndexedRows for StoredKeys {
    fn indexed_after(
        &self,
        key: KeyId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<IndexedRow>, StorageError> {
        let after = after.map(from_cursor).transpose()?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let cells = self.wait(self.store().cells_indexed_by(to_store(key), after, limit))?;
        cells.into_iter().map(indexed_row).collect()
    }

    fn replace_each_index(&self, renewed: &[(IndexedRow, BlindIndex)]) -> Result<Vec<bool>, StorageError> {
        let places = renewed.iter().map(|(row, _)| from_cursor(&row.cursor));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        self.write_each(places.into_iter().zip(renewed).map(|(at, (row, index))| {
            let index = store::BlindIndex(index.as_bytes().to_vec());
            self.store().reindex(at, to_stored(&row.sealed), index)
        }))
    }

    fn indexed_value(&self, field: &str, opened: &Plain) -> Option<Plain> {
        match IndexedField::of_index(field)? {
            IndexedField::ExternalId => IndexedField::ExternalId.normalised(opened),
            field @ (IndexedField::Phone | IndexedField::Email) => {
                Profile::from_plain(opened)?.indexed_value(field)
            }
        }
    }
}

fn to_stored(sealed: &sealing::Sealed) -> Sealed {
    Sealed(sealed.as_bytes().to_vec())
}

fn sealed_row(found: SealedCell) -> Result<SealedRow, StorageError> {
    Ok(SealedRow {
        cursor: to_cursor(&found.cursor),
        place: of_cell(&found.cell)?,
        sealed: sealing::Sealed::from_bytes(found.sealed.0),
    })
}

fn indexed_row(found: IndexedCell) -> Result<IndexedRow, StorageError> {
    let index = BlindIndex::from_bytes(&found.index.0);
    Ok(IndexedRow {
        cursor: to_cursor(&found.cursor),
        field: index_name(found.field.as_deref()),
        index: index.ok_or("a stored index has another length")?,
        place: of_cell(&found.source)?,
        sealed: sealing::Sealed::from_bytes(found.sealed.0),
    })
}

/// A field that this program does not know keeps its name, so that its index is said to be unreadable.
fn index_name(field_of_profile: Option<&str>) -> String {
    let known = field_of_profile.map_or(Some(IndexedField::ExternalId), IndexedField::of_profile);
    known.map(IndexedField::index_name).or(field_of_profile).unwrap_or_default().to_owned()
}

/// Kind, length of the first part in four bytes, first part, second part.
fn to_cursor(at: &CellCursor) -> Cursor {
    let length = u32::try_from(at.first.len()).unwrap_or(u32::MAX).to_be_bytes();
    Cursor([&[at.kind][..], &length, &at.first, &at.second].concat())
}

fn from_cursor(Cursor(bytes): &Cursor) -> Result<CellCursor, StorageError> {
    let read = || {
        let (kind, rest) = bytes.split_first()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (first, second) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        Some(CellCursor { kind: *kind, first: first.to_vec(), second: second.to_vec() })
    };
    read().ok_or_else(|| "a cursor of another program".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_as_bytes() {
        let at = CellCursor { kind: 1, first: b"web".to_vec(), second: vec![0, 255, 3] };
        assert_eq!(from_cursor(&to_cursor(&at)).unwrap(), at);
        assert!(from_cursor(&Cursor(vec![1, 0, 0, 0, 9, 1])).is_err());
    }
}
