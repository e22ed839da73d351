//! Every blind index, by the key that made it, with the sealed value that it is made from: for the replacement of that key.

use futures::FutureExt;

use crate::{
    BlindIndex, Cell, CellCursor, ContactId, KeyId, Result, Sealed, Store,
    cells::{EXTERNAL_ID, key_bytes},
    engine::{Row, Transaction, Value},
};

/// A blind index by which a person is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedCell {
    /// The index.
    pub index: BlindIndex,
    /// Of which field of the profile; `None` where it is what a channel knows the person by.
    pub field: Option<String>,
    /// Where the value is that it is made from.
    pub source: Cell,
    /// That value; empty where there is none, although there must be.
    pub sealed: Sealed,
    /// Continues after it.
    pub cursor: CellCursor,
}

/// The kind of place of an index of a profile's field. It comes after those of channels.
const LOOKUP: u8 = 5;

/// How many bytes of a [`LOOKUP`]'s cursor are the contact's identifier, after the index.
const CONTACT_BYTES: usize = 16;

impl Store {
    /// Up to `limit` indexes that `key` made, after `after`: those of channels, then those of profiles' fields; empty only
    /// at the end.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn cells_indexed_by(
        &self,
        key: KeyId,
        after: Option<CellCursor>,
        limit: u32,
    ) -> Result<Vec<IndexedCell>> {
        self.read(move |transaction| async move { indexed_by(transaction, key, after, limit).await }.boxed())
            .await
    }

    /// Exchanges an index by which a person is found. `false`, and nothing changes, when index or sealed value are no longer
    /// those that were read.
    ///
    /// # Errors
    /// [`Error::KeyNotCurrent`](crate::Error::KeyNotCurrent); when the engine fails.
    pub async fn reindex(&self, at: CellCursor, sealed: Sealed, index: BlindIndex) -> Result<bool> {
        self.write(move |transaction| {
            async move {
                let sealed = Value::Bytes(sealed.0);
                let (sql, values) = if at.kind == LOOKUP {
                    let sql = "UPDATE contact_lookups SET value = $5 WHERE field = $1 AND value = $2 AND contact_id = $3 \
                               AND EXISTS (SELECT 1 FROM contacts WHERE id = $3 AND profile = $4)";
                    let [value, contact] = lookup_parts(&at);
                    (sql, vec![at.text(), value, contact, sealed, index.into()])
                } else {
                    let sql = "UPDATE channel_identities SET identity = $4 \
                               WHERE channel = $1 AND identity = $2 AND external_id = $3";
                    (sql, vec![at.text(), Value::Bytes(at.second), sealed, index.into()])
                };
                Ok(transaction.execute(sql, &values).await? == 1)
            }
            .boxed()
        })
        .await
    }
}

async fn indexed_by(
    transaction: &mut Transaction<'_>,
    key: KeyId,
    after: Option<CellCursor>,
    limit: u32,
) -> Result<Vec<IndexedCell>> {
    let after = after.unwrap_or_else(|| CellCursor::start(EXTERNAL_ID));
    if after.kind == LOOKUP {
        return of_profiles(transaction, key, &after, limit).await;
    }
    let of_channels = of_channels(transaction, key, &after, limit).await?;
    if !of_channels.is_empty() {
        return Ok(of_channels);
    }
    of_profiles(transaction, key, &CellCursor::start(LOOKUP), limit).await
}

async fn of_channels(
    transaction: &mut Transaction<'_>,
    key: KeyId,
    after: &CellCursor,
    limit: u32,
) -> Result<Vec<IndexedCell>> {
    let sql = "SELECT channel, identity, contact_id, external_id FROM channel_identities \
               WHERE substr(identity, 1, 8) = $1 AND (channel > $2 OR (channel = $2 AND identity > $3)) \
               ORDER BY channel, identity LIMIT $4";
    let second = Value::Bytes(after.second.clone());
    let rows = transaction.rows(sql, &[key_bytes(key), after.text(), second, limit.into()]).await?;
    rows.into_iter().map(index_of_channel).collect()
}

async fn of_profiles(
    transaction: &mut Transaction<'_>,
    key: KeyId,
    after: &CellCursor,
    limit: u32,
) -> Result<Vec<IndexedCell>> {
    let sql = "SELECT field, value, contact_id, profile FROM contact_lookups \
               JOIN contacts ON contacts.id = contact_id WHERE substr(value, 1, 8) = $1 AND (field > $2 \
               OR (field = $2 AND value > $3) OR (field = $2 AND value = $3 AND contact_id > $4)) \
               ORDER BY field, value, contact_id LIMIT $5";
    let [value, contact] = lookup_parts(after);
    let rows = transaction.rows(sql, &[key_bytes(key), after.text(), value, contact, limit.into()]).await?;
    rows.into_iter().map(index_of_profile).collect()
}

fn index_of_channel(row: Row) -> Result<IndexedCell> {
    let mut fields = row.fields("channel_identities");
    let (channel, index): (String, BlindIndex) = (fields.next()?, fields.next()?);
    let contact = fields.next()?;
    let (first, second) = (channel.clone().into_bytes(), index.0.clone());
    Ok(IndexedCell {
        index,
        field: None,
        source: Cell::ExternalId { channel, contact },
        sealed: fields.next()?,
        cursor: CellCursor { kind: EXTERNAL_ID, first, second },
    })
}

fn index_of_profile(row: Row) -> Result<IndexedCell> {
    let mut fields = row.fields("contact_lookups");
    let (field, index): (String, BlindIndex) = (fields.next()?, fields.next()?);
    let contact: ContactId = fields.next()?;
    let profile: Option<Sealed> = fields.next()?;
    let second = [&index.0[..], contact.uuid().as_bytes()].concat();
    let cursor = CellCursor { kind: LOOKUP, first: field.clone().into_bytes(), second };
    Ok(IndexedCell {
        index,
        field: Some(field),
        source: Cell::Profile(contact),
        sealed: profile.unwrap_or(Sealed(Vec::new())),
        cursor,
    })
}

/// The index and the contact's identifier; both empty before the first row.
fn lookup_parts(at: &CellCursor) -> [Value; 2] {
    let (value, contact) = at.second.split_at(at.second.len().saturating_sub(CONTACT_BYTES));
    [value, contact].map(|bytes| Value::Bytes(bytes.to_vec()))
}
