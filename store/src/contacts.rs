//! The people on the other side, and by what a channel knows them.

use futures::FutureExt;

use crate::{
    BlindIndex, ContactId, Error, Result, Sealed, Store, Timestamp,
    engine::{Row, Transaction, Value, values},
};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its identifier.
    pub id: ContactId,
    /// Name, phone, e-mail, address, free attributes.
    pub profile: Option<Sealed>,
    /// Counts changes, from 1.
    pub revision: i64,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A person as a channel knows it, seen perhaps for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewIdentity {
    /// The configured account on a platform.
    pub channel: String,
    /// By which the platform's identifier of the person is found again.
    pub identity: BlindIndex,
    /// The same under a key that is being replaced: the person may still be stored under it.
    pub earlier_identities: Vec<BlindIndex>,
    /// The platform's identifier, for sending.
    pub external_id: Sealed,
    /// What the person becomes if it is new. Its key exists already: `external_id` is sealed with it.
    pub contact: ContactId,
    /// Now.
    pub at: Timestamp,
}

/// By what a channel knows a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelIdentity {
    /// The configured account on a platform.
    pub channel: String,
    /// The keyed hash of the platform's identifier.
    pub identity: BlindIndex,
    /// Who it is.
    pub contact: ContactId,
    /// The platform's identifier.
    pub external_id: Sealed,
}

/// Everybody there is at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Everybody {
    /// How many.
    pub people: i64,
    /// Whose identifier is the last one; `None` when there is nobody.
    pub last: Option<ContactId>,
}

const COLUMNS: &str = "SELECT id, profile, revision, created_at, updated_at FROM contacts WHERE id = $1";

impl Store {
    /// The person behind an identity; made, together with the identity, if this is the first time.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn contact_of_identity(&self, new: NewIdentity) -> Result<Contact> {
        self.write(move |transaction| find_or_create(transaction, new).boxed()).await
    }

    /// Whom a channel knows under one of these identities, as [`NewIdentity::identity`] and its earlier ones; `None` when
    /// it knows nobody.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn contact_identified(
        &self,
        channel: &str,
        identities: Vec<BlindIndex>,
    ) -> Result<Option<ContactId>> {
        let channel = channel.to_owned();
        self.read(move |transaction| {
            async move {
                for identity in &identities {
                    if let Some(found) = identified(transaction, &channel, identity).await? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            .boxed()
        })
        .await
    }

    /// One person.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn contact(&self, contact: ContactId) -> Result<Contact> {
        self.read(move |transaction| read(transaction, contact).boxed()).await
    }

    /// By what channels know a person, sorted by channel.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn identities_of(&self, contact: ContactId) -> Result<Vec<ChannelIdentity>> {
        self.read(move |transaction| identities(transaction, contact).boxed()).await
    }

    /// Up to `limit` people after `after` in the order of their identifiers, for work that goes through everybody.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn contacts_after(&self, after: Option<ContactId>, limit: u32) -> Result<Vec<Contact>> {
        let after = after.map_or(Value::Bytes(Vec::new()), Value::from);
        let sql = "SELECT id, profile, revision, created_at, updated_at FROM contacts WHERE id > $1 \
                   ORDER BY id LIMIT $2";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, &[after, Value::from(limit)]).await?;
                rows.into_iter().map(contact).collect()
            }
            .boxed()
        })
        .await
    }

    /// How many people there are, and how far [`contacts_after`](Self::contacts_after) goes to reach them all.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn everybody(&self) -> Result<Everybody> {
        self.read(move |transaction| {
            async move {
                let people = transaction.scalar("contacts", "SELECT COUNT(*) FROM contacts", &[]).await?;
                let last = transaction.row("SELECT id FROM contacts ORDER BY id DESC LIMIT 1", &[]).await?;
                Ok(Everybody { people, last: last.map(|row| row.only("contacts")).transpose()? })
            }
            .boxed()
        })
        .await
    }
}

async fn find_or_create(transaction: &mut Transaction<'_>, new: NewIdentity) -> Result<Contact> {
    for identity in std::iter::once(&new.identity).chain(&new.earlier_identities) {
        if let Some(found) = identified(transaction, &new.channel, identity).await? {
            return read(transaction, found).await;
        }
    }
    let sql = "INSERT INTO contacts (id, profile, revision, created_at, updated_at) \
               VALUES ($1, NULL, 1, $2, $2)";
    transaction.execute(sql, values![new.contact, new.at]).await?;
    let sql = "INSERT INTO channel_identities (channel, identity, contact_id, external_id, created_at) \
               VALUES ($1, $2, $3, $4, $5)";
    transaction
        .execute(sql, values![new.channel, new.identity, new.contact, new.external_id, new.at])
        .await?;
    read(transaction, new.contact).await
}

async fn identified(
    transaction: &mut Transaction<'_>,
    channel: &str,
    identity: &BlindIndex,
) -> Result<Option<ContactId>> {
    let sql = "SELECT contact_id FROM channel_identities WHERE channel = $1 AND identity = $2";
    let row = transaction.row(sql, values![channel, identity.clone()]).await?;
    row.map(|row| row.only("channel_identities")).transpose()
}

/// By what channels know a person, as this transaction sees it.
pub(crate) async fn identities(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
) -> Result<Vec<ChannelIdentity>> {
    let sql = "SELECT channel, identity, contact_id, external_id FROM channel_identities \
               WHERE contact_id = $1 ORDER BY channel, identity";
    transaction.rows(sql, values![contact]).await?.into_iter().map(identity).collect()
}

/// A person as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: ContactId) -> Result<Contact> {
    let row = transaction.row(COLUMNS, values![id]).await?;
    contact(row.ok_or_else(|| Error::not_found("contacts", id))?)
}

/// A person from a row of `id, profile, revision, created_at, updated_at`.
pub(crate) fn contact(row: Row) -> Result<Contact> {
    let mut fields = row.fields("contacts");
    Ok(Contact {
        id: fields.next()?,
        profile: fields.next()?,
        revision: fields.next()?,
        created_at: fields.next()?,
        updated_at: fields.next()?,
    })
}

fn identity(row: Row) -> Result<ChannelIdentity> {
    let mut fields = row.fields("channel_identities");
    Ok(ChannelIdentity {
        channel: fields.next()?,
        identity: fields.next()?,
        contact: fields.next()?,
        external_id: fields.next()?,
    })
}
