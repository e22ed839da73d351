//! The store's sealed values and blind indexes, as a rotation goes through them.

use sealing::{
    BlindIndex, KeyId, Plain, StorageError,
    rotation::{Cursor, IndexedRow, IndexedRows, SealedRow, SealedRows},
};
use store::{CellCursor, IndexedCell, Sealed, SealedCell};

use super::{
    identity::IDENTITY_FIELD,
    places::{external_id, of_cell},
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

    fn replace_sealed(&self, row: &SealedRow, sealed: &sealing::Sealed) -> Result<bool, StorageError> {
        Ok(self.replace_each_sealed(&[(row.clone(), sealed.clone())])? == [true])
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

    fn replace_index(&self, row: &IndexedRow, index: &BlindIndex) -> Result<bool, StorageError> {
        Ok(self.replace_each_index(&[(row.clone(), *index)])? == [true])
    }

    fn replace_each_index(&self, renewed: &[(IndexedRow, BlindIndex)]) -> Result<Vec<bool>, StorageError> {
        let places = renewed.iter().map(|(row, _)| from_cursor(&row.cursor));
        let places = places.collect::<Result<Vec<_>, _>>()?;
        self.write_each(places.into_iter().zip(renewed).map(|(at, (row, index))| {
            let index = store::BlindIndex(index.as_bytes().to_vec());
            self.store().reindex(at, to_stored(&row.sealed), index)
        }))
    }

    /// Identifiers of platforms are looked up exactly as they are.
    fn normalised(&self, _: &str, value: &Plain) -> Plain {
        value.clone()
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
        field: IDENTITY_FIELD,
        index: index.ok_or("a stored index has another length")?,
        place: external_id(found.contact, &found.channel)?,
        sealed: sealing::Sealed::from_bytes(found.external_id.0),
    })
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
