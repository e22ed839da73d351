//! What is known of a person is written, and people are found by it.

use sealing::Plain;
use store::ContactId;

use crate::{
    actor::Actor,
    security::{IndexedField, off_the_workers, with_field},
    storage::Storage,
};

/// How often a profile is written anew because somebody else has changed it, or its key was replaced meanwhile.
const TRIES: usize = 5;

/// Gives a field of a person this value, or takes it away; `false` when it is so already, and nothing was written. The audit
/// log says which field, never what it holds.
///
/// # Errors
/// [`store::Error::NotFound`] in its chain; when store or keys fail.
pub(crate) async fn change(
    storage: &Storage,
    contact: ContactId,
    field: &str,
    value: Option<Plain>,
) -> anyhow::Result<bool> {
    for _ in 0..TRIES {
        let found = storage.store.contact(contact).await?;
        let (vault, field, value) = (storage.vault.clone(), field.to_owned(), value.clone());
        let prepared = off_the_workers(move || with_field(&vault, &found, &field, value)).await?;
        let Some(change) = prepared else { return Ok(false) };
        match storage.store.change_profile(change, Actor::Operator.act(None)).await {
            Err(store::Error::KeyNotCurrent { .. } | store::Error::Conflict { .. }) => {
                storage.vault.forget_keys()
            }
            changed => return Ok(changed.map(|_| true)?),
        }
    }
    Err(sealing::Error::Contended.into())
}

/// Everybody whose field has this value, sorted by identifier.
///
/// # Errors
/// When store or keys fail.
pub(crate) async fn find(
    storage: &Storage,
    field: IndexedField,
    value: Plain,
) -> anyhow::Result<Vec<ContactId>> {
    let vault = storage.vault.clone();
    let indexes = off_the_workers(move || field.indexes(&vault, &value)).await?;
    let found = storage.store.contacts_with(field.name(), indexes).await?;
    Ok(found.into_iter().map(|contact| contact.id).collect())
}
