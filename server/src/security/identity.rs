//! By what a channel knows a person: a blind index to find it, and the sealed identifier.

use sealing::{Plain, Vault};
use store::{BlindIndex, ContactId, NewIdentity, Sealed, Timestamp};

use super::{indexed_fields::IndexedField, places::external_id, stored_keys::sealing_contact};

/// A person as a channel names it. Prints nothing of the identifier.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// Where.
    pub(crate) channel: String,
    /// The platform's or the caller's identifier of the person.
    pub(crate) external: Plain,
}

/// What a person becomes if the store does not know it yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewContact {
    /// Its identifier.
    pub(crate) contact: ContactId,
    /// Now.
    pub(crate) at: Timestamp,
}

impl Identity {
    /// Every index under which the person may be stored, the current one first.
    ///
    /// # Errors
    /// As [`Vault::lookup_indexes`].
    pub(crate) fn indexes(&self, vault: &Vault) -> sealing::Result<Vec<BlindIndex>> {
        IndexedField::ExternalId.indexes(vault, &self.external)
    }

    /// Makes the new person's key and seals the identifier with it.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub(crate) fn of_new(&self, vault: &Vault, new: NewContact) -> sealing::Result<NewIdentity> {
        vault.create_contact_key(&sealing_contact(new.contact)?)?;
        let sealed = vault.seal(&external_id(new.contact, &self.channel)?, &self.external)?;
        let mut indexes = self.indexes(vault)?.into_iter();
        let identity = indexes.next().ok_or(sealing::Error::NotInitialised { kind: "index" })?;
        Ok(NewIdentity {
            channel: self.channel.clone(),
            identity,
            earlier_identities: indexes.collect(),
            external_id: Sealed(sealed.into_bytes()),
            contact: new.contact,
            at: new.at,
        })
    }
}
