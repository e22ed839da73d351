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

/// A changed profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// Whose.
    pub contact: ContactId,
    /// The revision that was read.
    pub revision: i64,
    /// The whole new profile.
    pub profile: Option<Sealed>,
    /// By what the person is to be found: the field's name and the keyed hash of its value. Replaces what there was.
    pub lookups: Vec<(String, BlindIndex)>,
    /// Now.
    pub at: Timestamp,
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

    /// Everybody whose `field` has this value; empty when nobody has.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn contacts_with(&self, field: &str, value: BlindIndex) -> Result<Vec<Contact>> {
        let field = field.to_owned();
        let sql = "SELECT id, profile, revision, created_at, updated_at FROM contacts WHERE id IN \
                   (SELECT contact_id FROM contact_lookups WHERE field = $1 AND value = $2) ORDER BY id";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, values![field, value]).await?;
                rows.into_iter().map(contact).collect()
            }
            .boxed()
        })
        .await
    }

    /// Replaces a profile and by what it is found.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has changed it since, [`Error::NotFound`]; when the engine fails.
    pub async fn change_profile(&self, change: ProfileChange) -> Result<Contact> {
        self.write(move |transaction| replace_profile(transaction, change).boxed()).await
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

async fn replace_profile(transaction: &mut Transaction<'_>, change: ProfileChange) -> Result<Contact> {
    let id = change.contact;
    let found = read(transaction, id).await?;
    if found.revision != change.revision {
        return Err(Error::conflict(format!("the contact has revision {}", found.revision)));
    }
    let sql = "UPDATE contacts SET profile = $2, revision = revision + 1, updated_at = $3 WHERE id = $1";
    transaction.execute(sql, values![id, change.profile, change.at]).await?;
    transaction.execute("DELETE FROM contact_lookups WHERE contact_id = $1", values![id]).await?;
    let lookups =
        change.lookups.into_iter().map(|(field, value)| vec![field.into(), value.into(), id.into()]);
    let sql = "INSERT INTO contact_lookups (field, value, contact_id) VALUES ($1, $2, $3)";
    transaction.execute_each(sql, &lookups.collect::<Vec<_>>()).await?;
    read(transaction, id).await
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

/// The fields by which a person is found, as this transaction sees it.
pub(crate) async fn lookup_fields(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT field FROM contact_lookups WHERE contact_id = $1 ORDER BY field";
    let rows = transaction.rows(sql, values![contact]).await?;
    rows.into_iter().map(|row| row.only("contact_lookups")).collect()
}

/// A person as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: ContactId) -> Result<Contact> {
    let row = transaction.row(COLUMNS, values![id]).await?;
    contact(row.ok_or_else(|| Error::not_found("contacts", id))?)
}

fn contact(row: Row) -> Result<Contact> {
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
