//! What is known of a person, and the fields of it by whose exact value the person is found.

use std::collections::HashSet;

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, BlindIndex, Contact, ContactId, Error, Result, Sealed, Store, audit, contacts,
    engine::{Transaction, values},
};

/// A changed profile. When and by whom are those of the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChange {
    /// Whose.
    pub contact: ContactId,
    /// The revision that was read.
    pub revision: i64,
    /// The whole new profile.
    pub profile: Option<Sealed>,
    /// By what the person is to be found: the names of fields of the profile, each once at most, with the keyed hashes of
    /// their values. Replaces what there was.
    pub lookups: Vec<(String, BlindIndex)>,
    /// What differs from before, for the audit log: names of fields, never a value.
    pub changed: Vec<String>,
}

impl Store {
    /// Everybody whose `field` has a value with one of these hashes, which are several while the key is being replaced;
    /// sorted by identifier, empty when nobody has.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn contacts_with(&self, field: &str, values: Vec<BlindIndex>) -> Result<Vec<Contact>> {
        let field = field.to_owned();
        let sql = "SELECT id, profile, revision, created_at, updated_at FROM contacts WHERE id IN \
                   (SELECT contact_id FROM contact_lookups WHERE field = $1 AND value = $2)";
        self.read(move |transaction| {
            async move {
                let mut found = Vec::new();
                for value in values {
                    let rows = transaction.rows(sql, values![field.as_str(), value]).await?;
                    for row in rows {
                        found.push(contacts::contact(row)?);
                    }
                }
                found.sort_by_key(|contact: &Contact| contact.id);
                found.dedup_by_key(|contact| contact.id);
                Ok(found)
            }
            .boxed()
        })
        .await
    }

    /// Replaces a profile and by what of it the person is found.
    ///
    /// # Errors
    /// [`Error::Conflict`] when somebody else has changed it since, [`Error::NotFound`], [`Error::KeyNotCurrent`];
    /// [`Error::Invalid`] when a field is named twice or there is no profile that could hold it; when the engine fails.
    pub async fn change_profile(&self, change: ProfileChange, act: Act) -> Result<Contact> {
        let mut fields = HashSet::new();
        if !change.lookups.iter().all(|(field, _)| fields.insert(field)) {
            return Err(Error::invalid("a field of a profile has one value"));
        }
        if change.profile.is_none() && !change.lookups.is_empty() {
            return Err(Error::invalid("what a person is found by stands in the profile"));
        }
        self.write(move |transaction| async move { replace(transaction, change, &act).await }.boxed()).await
    }
}

async fn replace(transaction: &mut Transaction<'_>, change: ProfileChange, act: &Act) -> Result<Contact> {
    let id = change.contact;
    let found = contacts::read(transaction, id).await?;
    if found.revision != change.revision {
        return Err(Error::conflict(format!("the contact has revision {}", found.revision)));
    }
    let sql = "UPDATE contacts SET profile = $2, revision = revision + 1, updated_at = $3 WHERE id = $1";
    transaction.execute(sql, values![id, change.profile, act.at]).await?;
    transaction.execute("DELETE FROM contact_lookups WHERE contact_id = $1", values![id]).await?;
    let lookups =
        change.lookups.into_iter().map(|(field, value)| vec![field.into(), value.into(), id.into()]);
    let sql = "INSERT INTO contact_lookups (field, value, contact_id) VALUES ($1, $2, $3)";
    transaction.execute_each(sql, &lookups.collect::<Vec<_>>()).await?;
    let detail = json!({ "fields": change.changed }).to_string();
    audit::append(transaction, act, "profile.change", &id.to_string(), Some(detail)).await?;
    contacts::read(transaction, id).await
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
