//! A person is erased, or an erasure that was stopped is finished.

use store::{Act, ContactId, Store};

use crate::clock;

/// Rows that are removed at once.
const STEP: u32 = 500;

/// Erases a person, or goes on with it where it has begun. Afterwards nothing of the person is in the store but numbers
/// without content, the audit entries that name its identifier, and that its keys are destroyed. Another process that has
/// used the person's key opens values that it has already read for as long as it remembers the key, a minute at most.
///
/// # Errors
/// [`store::Error::NotFound`]; when the store fails: repeat it.
pub(crate) async fn erase(store: &Store, contact: ContactId, act: Act) -> store::Result<()> {
    let has_begun = store.unfinished_erasures().await?.contains(&contact);
    if !has_begun {
        store.begin_erasure(contact, act).await?;
    }
    remove(store, &[contact]).await
}

/// Finishes every erasure that has begun; how many there were. Whoever began it is in the audit log, whoever finishes it is
/// not.
///
/// # Errors
/// When the store fails.
pub(crate) async fn finish_erasures(store: &Store) -> store::Result<usize> {
    let unfinished = store.unfinished_erasures().await?;
    if !unfinished.is_empty() {
        remove(store, &unfinished).await?;
    }
    Ok(unfinished.len())
}

async fn remove(store: &Store, contacts: &[ContactId]) -> store::Result<()> {
    while !store.continue_erasures(contacts, STEP, clock::timestamp()).await? {}
    Ok(())
}
