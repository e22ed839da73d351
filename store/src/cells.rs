//! Every place where a sealed value stands, by the key that made it: for the replacement of keys.

use futures::FutureExt;

use crate::{
    BlindIndex, ContactId, ConversationId, KeyId, KeyPurpose, MessageId, Result, Sealed, Store,
    engine::{Fields, Row, Transaction, Value},
    keys,
};

/// One place of a sealed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// What is known of a person.
    Profile(ContactId),
    /// By what a channel knows a person.
    ExternalId {
        /// The configured account on a platform.
        channel: String,
        /// Whose.
        contact: ContactId,
    },
    /// What the next person should know of a conversation.
    Summary {
        /// The conversation.
        conversation: ConversationId,
        /// With whom.
        contact: ContactId,
    },
    /// What was said.
    Body {
        /// The message.
        message: MessageId,
        /// Where it was said.
        conversation: ConversationId,
        /// With whom.
        contact: ContactId,
    },
    /// A secret of the business: a setting, by name.
    Setting(String),
}

/// A sealed value where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedCell {
    /// Where.
    pub cell: Cell,
    /// What is there.
    pub sealed: Sealed,
    /// Continues after it.
    pub cursor: CellCursor,
}

/// Names a place, and where a listing continues after it. Made by the store; may be kept as bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellCursor {
    /// The kind of place, by its position in the order of listings.
    pub kind: u8,
    /// The first part of the row's key.
    pub first: Vec<u8>,
    /// The second part, where there is one.
    pub second: Vec<u8>,
}

impl CellCursor {
    pub(crate) fn start(kind: u8) -> Self {
        Self { kind, first: Vec::new(), second: Vec::new() }
    }

    /// The first part, of those kinds of which it is text.
    pub(crate) fn text(&self) -> Value {
        Value::Text(String::from_utf8_lossy(&self.first).into_owned())
    }
}

/// The kinds of place that a person's key seals, in their order.
const OF_CONTACT: [u8; 4] = [PROFILE, EXTERNAL_ID, SUMMARY, BODY];
const PROFILE: u8 = 0;
pub(crate) const EXTERNAL_ID: u8 = 1;
const SUMMARY: u8 = 2;
const BODY: u8 = 3;
const SETTING: u8 = 4;

/// A key's bytes as they stand in a sealed value and in a blind index: see `sealed.rs`.
pub(crate) fn key_bytes(key: KeyId) -> Value {
    Value::Bytes(key.0.to_be_bytes().to_vec())
}

impl Store {
    /// Up to `limit` values that `key` sealed, after `after`; empty only at the end. Of a key for indexes there are none.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn cells_sealed_by(
        &self,
        key: KeyId,
        after: Option<CellCursor>,
        limit: u32,
    ) -> Result<Vec<SealedCell>> {
        self.read(move |transaction| async move { sealed_by(transaction, key, after, limit).await }.boxed())
            .await
    }

    /// Exchanges a sealed value for the same text sealed anew. `false`, and nothing changes, when `expected` is no longer
    /// there.
    ///
    /// # Errors
    /// [`Error::KeyNotCurrent`](crate::Error::KeyNotCurrent); when the engine fails.
    pub async fn reseal(&self, at: CellCursor, expected: Sealed, sealed: Sealed) -> Result<bool> {
        self.write(move |transaction| {
            async move {
                let (sql, mut values) = renewal(&at);
                values.extend([Value::Bytes(expected.0), sealed.into()]);
                Ok(transaction.execute(sql, &values).await? == 1)
            }
            .boxed()
        })
        .await
    }
}

async fn sealed_by(
    transaction: &mut Transaction<'_>,
    key: KeyId,
    after: Option<CellCursor>,
    limit: u32,
) -> Result<Vec<SealedCell>> {
    let Some(found) = keys::read(transaction, key).await? else { return Ok(Vec::new()) };
    let (kinds, contact): (&[u8], _) = match found.purpose {
        KeyPurpose::Contact(contact) => (&OF_CONTACT, Some(contact)),
        KeyPurpose::System => (&[SETTING], None),
        KeyPurpose::Index => return Ok(Vec::new()),
    };
    let after = after.unwrap_or_else(|| CellCursor::start(kinds[0]));
    for kind in kinds.iter().copied().filter(|kind| *kind >= after.kind) {
        let start = if kind == after.kind { after.clone() } else { CellCursor::start(kind) };
        let cells = page(transaction, contact, key, &start, limit).await?;
        if !cells.is_empty() {
            return Ok(cells);
        }
    }
    Ok(Vec::new())
}

async fn page(
    transaction: &mut Transaction<'_>,
    contact: Option<ContactId>,
    key: KeyId,
    after: &CellCursor,
    limit: u32,
) -> Result<Vec<SealedCell>> {
    let sql = match after.kind {
        PROFILE => {
            "SELECT id, profile FROM contacts WHERE id = $1 AND id > $2 AND substr(profile, 2, 8) = $3 \
             ORDER BY id LIMIT $4"
        }
        EXTERNAL_ID => {
            "SELECT channel, identity, external_id FROM channel_identities WHERE contact_id = $1 \
             AND substr(external_id, 2, 8) = $2 AND (channel > $3 OR (channel = $3 AND identity > $4)) \
             ORDER BY channel, identity LIMIT $5"
        }
        SUMMARY => {
            "SELECT id, summary FROM conversations WHERE contact_id = $1 AND id > $2 \
             AND substr(summary, 2, 8) = $3 ORDER BY id LIMIT $4"
        }
        BODY => {
            "SELECT messages.id, conversation_id, body FROM messages \
             JOIN conversations ON conversations.id = conversation_id WHERE contact_id = $1 AND messages.id > $2 \
             AND substr(body, 2, 8) = $3 ORDER BY messages.id LIMIT $4"
        }
        _ => {
            "SELECT name, sealed FROM settings WHERE name > $1 AND substr(sealed, 2, 8) = $2 \
             ORDER BY name LIMIT $3"
        }
    };
    let first = || Value::Bytes(after.first.clone());
    let values = match (after.kind, contact) {
        (EXTERNAL_ID, Some(contact)) => {
            let second = Value::Bytes(after.second.clone());
            vec![contact.into(), key_bytes(key), after.text(), second, limit.into()]
        }
        (_, Some(contact)) => vec![contact.into(), first(), key_bytes(key), limit.into()],
        (_, None) => vec![after.text(), key_bytes(key), limit.into()],
    };
    let rows = transaction.rows(sql, &values).await?;
    rows.into_iter().map(|row| sealed_cell(row, after.kind, contact)).collect()
}

fn sealed_cell(row: Row, kind: u8, contact: Option<ContactId>) -> Result<SealedCell> {
    let Some(contact) = contact else {
        let mut fields = row.fields("settings");
        let name: String = fields.next()?;
        let cursor = CellCursor { kind, first: name.clone().into_bytes(), second: Vec::new() };
        return Ok(SealedCell { cell: Cell::Setting(name), sealed: fields.next()?, cursor });
    };
    let mut fields = row.fields(table(kind));
    let (cell, cursor) = match kind {
        EXTERNAL_ID => external_id(&mut fields, contact)?,
        SUMMARY => {
            let conversation: ConversationId = fields.next()?;
            let first = conversation.uuid().as_bytes().to_vec();
            (Cell::Summary { conversation, contact }, CellCursor { kind, first, second: Vec::new() })
        }
        BODY => {
            let message: MessageId = fields.next()?;
            let first = message.uuid().as_bytes().to_vec();
            let cell = Cell::Body { message, conversation: fields.next()?, contact };
            (cell, CellCursor { kind, first, second: Vec::new() })
        }
        _ => {
            let id: ContactId = fields.next()?;
            let first = id.uuid().as_bytes().to_vec();
            (Cell::Profile(id), CellCursor { kind, first, second: Vec::new() })
        }
    };
    Ok(SealedCell { cell, sealed: fields.next()?, cursor })
}

fn external_id(fields: &mut Fields, contact: ContactId) -> Result<(Cell, CellCursor)> {
    let (channel, identity): (String, BlindIndex) = (fields.next()?, fields.next()?);
    let cursor =
        CellCursor { kind: EXTERNAL_ID, first: channel.clone().into_bytes(), second: identity.0.clone() };
    Ok((Cell::ExternalId { channel, contact }, cursor))
}

fn table(kind: u8) -> &'static str {
    match kind {
        EXTERNAL_ID => "channel_identities",
        SUMMARY => "conversations",
        BODY => "messages",
        _ => "contacts",
    }
}

fn renewal(at: &CellCursor) -> (&'static str, Vec<Value>) {
    let id = || vec![Value::Bytes(at.first.clone())];
    match at.kind {
        PROFILE => ("UPDATE contacts SET profile = $3 WHERE id = $1 AND profile = $2", id()),
        EXTERNAL_ID => (
            "UPDATE channel_identities SET external_id = $4 \
             WHERE channel = $1 AND identity = $2 AND external_id = $3",
            vec![at.text(), Value::Bytes(at.second.clone())],
        ),
        SUMMARY => ("UPDATE conversations SET summary = $3 WHERE id = $1 AND summary = $2", id()),
        BODY => ("UPDATE messages SET body = $3 WHERE id = $1 AND body = $2", id()),
        _ => ("UPDATE settings SET sealed = $3 WHERE name = $1 AND sealed = $2", vec![at.text()]),
    }
}
