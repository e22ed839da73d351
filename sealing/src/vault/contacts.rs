//! A contact's key is created with the contact, and destroyed to erase the person.

use super::Vault;
use crate::{ContactId, Error, KeyPurpose, KeyState, Result};

impl Vault {
    /// Makes sure that the contact has a current key. Does nothing if it has one.
    ///
    /// # Errors
    /// [`Error::ContactErased`] if the contact's key was destroyed: a late message brings nobody back. Whatever
    /// storage says.
    pub fn create_contact_key(&self, contact: &ContactId) -> Result<()> {
        let purpose = KeyPurpose::Contact(contact.clone());
        let live = self.live_keys(&purpose)?;
        if live.current.is_some() {
            return Ok(());
        }
        if live.had_destroyed {
            return Err(Error::ContactErased { contact: contact.clone() });
        }
        // False means that somebody else has just created it, which is as good.
        self.add_key(&purpose, None).map(|_| ())
    }

    /// Destroys every key of the contact: nothing that was sealed for this person opens again, in whatever row, log or
    /// copy it is. Only a backup made before, until it expires, and what storage has not overwritten yet still hold the
    /// wrapped key. The keys' rows stay, without their secrets, so that the contact's values are known to be erased.
    /// Returns how many keys this call destroyed; 0 if there were none left. After an error it is repeated until it
    /// succeeds.
    ///
    /// Other processes stop opening the contact's values when their cached key is too old.
    ///
    /// # Errors
    /// Whatever storage says.
    pub fn destroy_contact_keys(&self, contact: &ContactId) -> Result<usize> {
        let purpose = KeyPurpose::Contact(contact.clone());
        let mut destroyed = 0;
        // A rotation at the same time may add a key, of which the next look sees.
        for _ in 0..16 {
            let rows = self.rows_of(&purpose)?;
            let live = rows.iter().filter(|row| row.state != KeyState::Destroyed);
            let ids: Vec<_> = live.map(|row| row.id).collect();
            if ids.is_empty() {
                return Ok(destroyed);
            }
            for id in ids {
                destroyed += usize::from(self.destroy_key(id)?);
            }
        }
        Err(Error::Contended)
    }
}
