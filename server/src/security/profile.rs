//! What is known of a person, as it stands sealed in the store: one JSON object of texts.

use std::collections::BTreeMap;

use sealing::{Plain, Result, StorageError, Vault};
use store::{BlindIndex, Cell, Contact, ContactId, ProfileChange, Sealed};

use super::{indexed_fields::IndexedField, places::of_cell};

/// The fields that every business knows; any other is a free attribute, by a name of its own.
const FIELDS: [&str; 4] = ["name", "phone", "email", "address"];

/// What the audit log calls a field that is none of [`FIELDS`].
const ATTRIBUTE: &str = "attribute";

/// Values by the names of their fields. Prints nothing of the values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Profile(BTreeMap<String, Plain>);

impl Profile {
    /// The profile that an opened value is; `None` if it is none.
    pub(super) fn from_plain(opened: &Plain) -> Option<Self> {
        let fields: BTreeMap<String, String> = serde_json::from_slice(opened.expose_bytes()).ok()?;
        Some(Self(fields.into_iter().map(|(field, value)| (field, Plain::from(value))).collect()))
    }

    fn to_plain(&self) -> Result<Plain> {
        let fields: BTreeMap<&str, Option<&str>> =
            self.0.iter().map(|(field, value)| (field.as_str(), value.expose_text())).collect();
        let text = serde_json::to_vec(&fields);
        text.map(Plain::from).map_err(|error| sealing::Error::Storage(StorageError::from(error)))
    }

    /// The value of a field, as its index is made from it; `None` where there is none that can be found.
    pub(super) fn indexed_value(&self, field: IndexedField) -> Option<Plain> {
        field.normalised(self.0.get(field.name())?)
    }

    fn lookups(&self, vault: &Vault) -> Result<Vec<(String, BlindIndex)>> {
        let mut lookups = Vec::new();
        for field in IndexedField::OF_PROFILE {
            if let Some(value) = self.indexed_value(field) {
                let index = vault.blind_index(field.index_name(), &value)?;
                lookups.push((field.name().to_owned(), BlindIndex(index.as_bytes().to_vec())));
            }
        }
        Ok(lookups)
    }
}

/// The change that gives a field of a person this value, or takes it away; `None` where it is so already.
///
/// # Errors
/// What keeps the profile from being opened, or the new one from being sealed: [`sealing::Error::ContactErased`] among it.
pub(crate) fn with_field(
    vault: &Vault,
    contact: &Contact,
    field: &str,
    value: Option<Plain>,
) -> Result<Option<ProfileChange>> {
    let mut profile = contact
        .profile
        .as_ref()
        .map_or(Ok(Profile::default()), |sealed| opened(vault, contact.id, sealed))?;
    if profile.0.get(field) == value.as_ref() {
        return Ok(None);
    }
    match value {
        Some(value) => profile.0.insert(field.to_owned(), value),
        None => profile.0.remove(field),
    };
    let place = of_cell(&Cell::Profile(contact.id)).map_err(sealing::Error::Storage)?;
    let sealed = match profile.0.is_empty() {
        true => None,
        false => Some(Sealed(vault.seal(&place, &profile.to_plain()?)?.into_bytes())),
    };
    let known = FIELDS.into_iter().find(|known| *known == field);
    Ok(Some(ProfileChange {
        contact: contact.id,
        revision: contact.revision,
        profile: sealed,
        lookups: profile.lookups(vault)?,
        changed: vec![known.unwrap_or(ATTRIBUTE).to_owned()],
    }))
}

fn opened(vault: &Vault, contact: ContactId, sealed: &Sealed) -> Result<Profile> {
    let place = of_cell(&Cell::Profile(contact)).map_err(sealing::Error::Storage)?;
    let plain = vault.open(&place, &sealing::Sealed::from_bytes(sealed.0.clone()))?;
    Profile::from_plain(&plain)
        .ok_or_else(|| sealing::Error::Storage("a profile is no object of texts".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_profile_survives_as_an_object_of_texts_and_prints_none_of_them() {
        let stored = r#"{"name":"李雷","phone":"+86 138"}"#;
        let profile = Profile::from_plain(&Plain::from(stored)).unwrap();
        assert_eq!(profile.to_plain().unwrap().expose_text(), Some(stored));
        assert_eq!(profile.indexed_value(IndexedField::Phone).unwrap().expose_text(), Some("86138"));
        assert_eq!(profile.indexed_value(IndexedField::Email), None);
        let printed = format!("{profile:?}");
        assert!(!printed.contains("李雷") && !printed.contains("138"), "{printed}");
        for other in ["[]", "李雷", r#"{"name":1}"#] {
            assert!(Profile::from_plain(&Plain::from(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn every_field_that_is_indexed_is_one_that_every_business_knows() {
        assert!(IndexedField::OF_PROFILE.iter().all(|field| FIELDS.contains(&field.name())));
    }
}
