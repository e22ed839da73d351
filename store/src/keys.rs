//! Keys: each wrapped by one that is kept elsewhere, with its place in its life.

use std::fmt;

use futures::FutureExt;

use crate::{
    ContactId, Result, Store, Wrapped,
    engine::{Fields, FromValue, Row, Transaction, Value, values},
    words::words,
};

/// Names one key for ever; not negative. Prints as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub i64);

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

impl From<KeyId> for Value {
    fn from(id: KeyId) -> Self {
        Self::Integer(id.0)
    }
}

impl FromValue for KeyId {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self)
    }
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Seals everything of one person.
    Contact(ContactId),
    /// Seals the business's own secrets.
    System,
    /// Makes blind indexes.
    Index,
}

impl KeyPurpose {
    /// The word that rows hold.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::System => "system",
            Self::Index => "index",
        }
    }

    /// Whose key it is, if it is a person's.
    #[must_use]
    pub fn contact(self) -> Option<ContactId> {
        if let Self::Contact(contact) = self { Some(contact) } else { None }
    }
}

words! {
    /// Where a key stands in its life.
    KeyState {
        /// Seals and opens. At most one key of each purpose.
        Current = "current",
        /// Opens; what it sealed is being sealed anew.
        Retiring = "retiring",
        /// Gone, and with it what it sealed.
        Destroyed = "destroyed",
    }
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its identifier.
    pub id: KeyId,
    /// What it is for.
    pub purpose: KeyPurpose,
    /// Where it stands.
    pub state: KeyState,
    /// The key itself.
    pub wrapped: Wrapped,
    /// A known value that it sealed.
    pub canary: Wrapped,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, kind, contact_id, state, wrapped, canary FROM keys ", $rest)
    };
}

impl Store {
    /// One key, in any state; `None` when there is none with this id.
    ///
    /// # Errors
    /// When the engine fails or the row is corrupt.
    pub async fn key(&self, id: KeyId) -> Result<Option<Key>> {
        self.read(move |transaction| async move { read(transaction, id).await }.boxed()).await
    }

    /// Every key of a purpose, in any state, sorted by id.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn keys_of(&self, purpose: KeyPurpose) -> Result<Vec<Key>> {
        self.read(move |transaction| {
            async move {
                let rows = match purpose.contact() {
                    Some(contact) => {
                        let sql = select!("WHERE kind = 'contact' AND contact_id = $1 ORDER BY id");
                        transaction.rows(sql, values![contact]).await?
                    }
                    None => {
                        let sql = select!("WHERE kind = $1 AND contact_id IS NULL ORDER BY id");
                        transaction.rows(sql, values![purpose.word()]).await?
                    }
                };
                rows.into_iter().map(key).collect()
            }
            .boxed()
        })
        .await
    }

    /// Up to `limit` keys after `after` in the order of their ids, in any state; empty only at the end.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn keys_after(&self, after: Option<KeyId>, limit: u32) -> Result<Vec<Key>> {
        let after = after.map_or(-1, |id| id.0);
        self.read(move |transaction| {
            async move {
                let sql = select!("WHERE id > $1 ORDER BY id LIMIT $2");
                transaction.rows(sql, values![after, limit]).await?.into_iter().map(key).collect()
            }
            .boxed()
        })
        .await
    }

    /// Up to `limit` people after `after`, in the order of their identifiers, of whom a key is still being replaced; empty
    /// only at the end.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn contacts_with_retiring_keys(
        &self,
        after: Option<ContactId>,
        limit: u32,
    ) -> Result<Vec<ContactId>> {
        let after = after.map_or(Value::Bytes(Vec::new()), Value::from);
        let sql = "SELECT DISTINCT contact_id FROM keys WHERE state = 'retiring' AND contact_id > $1 \
                   ORDER BY contact_id LIMIT $2";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, &[after, Value::from(limit)]).await?;
                rows.into_iter().map(|row| row.only("keys")).collect()
            }
            .boxed()
        })
        .await
    }

    /// Adds a current key, and lets the one that it succeeds retire. `false`, and nothing changes, when the id is taken,
    /// `succeeds` is not current or of another purpose, or the purpose has another current key.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn add_key(&self, new: Key, succeeds: Option<KeyId>) -> Result<bool> {
        self.write(move |transaction| async move { add(transaction, new, succeeds).await }.boxed()).await
    }

    /// Writes a key in place of `expected`, which has the same id and purpose. `false`, and nothing changes, when the row
    /// is no longer what was expected. A key that was destroyed is overwritten in the file of SQLite, and in its log as
    /// soon as nobody reads an older state; PostgreSQL keeps the old row until it vacuums, and its log by its own rules.
    ///
    /// # Errors
    /// When the engine fails; the key may have been written.
    pub async fn replace_key(&self, expected: Key, new: Key) -> Result<bool> {
        let destroyed = new.state == KeyState::Destroyed;
        let sql = "UPDATE keys SET state = $4, wrapped = $5, canary = $6 \
                   WHERE id = $1 AND state = $2 AND wrapped = $3 AND canary = $7";
        // Urgent: a person can be erased although the disk is full.
        let replaced = self
            .write_urgently(move |transaction| {
                async move {
                    let found = read(transaction, expected.id).await?;
                    if found.as_ref() != Some(&expected) {
                        return Ok(false);
                    }
                    let values = values![
                        expected.id,
                        expected.state,
                        expected.wrapped,
                        new.state,
                        new.wrapped,
                        new.canary,
                        expected.canary
                    ];
                    Ok(transaction.execute(sql, values).await? == 1)
                }
                .boxed()
            })
            .await?;
        if replaced && destroyed {
            self.empty_log().await?;
        }
        Ok(replaced)
    }
}

async fn add(transaction: &mut Transaction<'_>, new: Key, succeeds: Option<KeyId>) -> Result<bool> {
    if read(transaction, new.id).await?.is_some() || current(transaction, new.purpose).await? != succeeds {
        return Ok(false);
    }
    if let Some(earlier) = succeeds {
        let sql = "UPDATE keys SET state = 'retiring' WHERE id = $1 AND state = 'current'";
        if transaction.execute(sql, values![earlier]).await? == 0 {
            return Ok(false);
        }
    }
    // Whoever adds a key of the same purpose or id at the same moment, on another connection, is refused by the index.
    let sql = "INSERT INTO keys (id, kind, contact_id, state, wrapped, canary) VALUES ($1, $2, $3, $4, $5, $6) \
               ON CONFLICT DO NOTHING";
    let Key { id, purpose, state, wrapped, canary } = new;
    let values = values![id, purpose.word(), purpose.contact(), state, wrapped, canary];
    if transaction.execute(sql, values).await? == 1 {
        return Ok(true);
    }
    match succeeds {
        None => Ok(false),
        // The earlier key has already been changed, so the whole unit is undone.
        Some(_) => Err(crate::Error::conflict("another key took its place at the same moment")),
    }
}

async fn current(transaction: &mut Transaction<'_>, purpose: KeyPurpose) -> Result<Option<KeyId>> {
    let row = match purpose.contact() {
        Some(contact) => {
            let sql = "SELECT id FROM keys WHERE contact_id = $1 AND state = 'current'";
            transaction.row(sql, values![contact]).await?
        }
        None => {
            let sql = "SELECT id FROM keys WHERE kind = $1 AND contact_id IS NULL AND state = 'current'";
            transaction.row(sql, values![purpose.word()]).await?
        }
    };
    row.map(|row| row.only("keys")).transpose()
}

/// A key as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: KeyId) -> Result<Option<Key>> {
    transaction.row(select!("WHERE id = $1"), values![id]).await?.map(key).transpose()
}

fn key(row: Row) -> Result<Key> {
    let mut fields = row.fields("keys");
    Ok(Key {
        id: fields.next()?,
        purpose: purpose(&mut fields)?,
        state: fields.next()?,
        wrapped: fields.next()?,
        canary: fields.next()?,
    })
}

fn purpose(fields: &mut Fields) -> Result<KeyPurpose> {
    let word: String = fields.next()?;
    fields.next_as(|contact: Option<ContactId>| match (word.as_str(), contact) {
        ("contact", Some(contact)) => Some(KeyPurpose::Contact(contact)),
        ("system", None) => Some(KeyPurpose::System),
        ("index", None) => Some(KeyPurpose::Index),
        _ => None,
    })
}
