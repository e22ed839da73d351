//! Stored keys, and what is needed of the storage that holds them.

use std::fmt;

use crate::secret::fill_random;
use crate::{Error, Result, Sealed, StorageError};

/// Names one key for ever: 63 random bits, so that it fits a signed column. Prints as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(u64);

impl KeyId {
    pub(crate) const BYTES: usize = 8;

    /// From a signed column; `None` for a negative number.
    #[must_use]
    pub fn from_i64(number: i64) -> Option<Self> {
        u64::try_from(number).ok().map(Self)
    }

    /// For a signed column. An id read from an altered value may be too large; it becomes the largest, which names no
    /// key in practice.
    #[must_use]
    pub fn to_i64(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }

    pub(crate) fn random() -> Result<Self> {
        let mut bytes = [0; Self::BYTES];
        fill_random(&mut bytes)?;
        Ok(Self::positive(bytes))
    }

    /// The id that these bytes give, without the sign bit.
    pub(crate) fn positive(bytes: [u8; Self::BYTES]) -> Self {
        Self(u64::from_be_bytes(bytes) >> 1)
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        self.0.to_be_bytes()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}

/// Storage's own id of a contact: 1 to 128 bytes, never personal data.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContactId(String);

impl ContactId {
    const LONGEST: usize = 128;

    /// # Errors
    /// [`Error::InvalidContact`] for an empty or longer id, so that no mistake addresses everybody or nobody.
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        match id.len() {
            1..=Self::LONGEST => Ok(Self(id)),
            bytes => Err(Error::InvalidContact { bytes, longest: Self::LONGEST }),
        }
    }

    /// The id.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContactId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What a key is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum KeyPurpose {
    /// Seals one contact's values.
    Contact(ContactId),
    /// Seals the system's own secrets.
    System,
    /// Computes blind indexes; seals nothing.
    Index,
}

impl KeyPurpose {
    /// `contact`, `system` or `index`: with [`KeyPurpose::contact`], what storage keeps.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Contact(_) => "contact",
            Self::System => "system",
            Self::Index => "index",
        }
    }

    /// Whose key it is, if it is a contact's.
    #[must_use]
    pub fn contact(&self) -> Option<&ContactId> {
        match self {
            Self::Contact(contact) => Some(contact),
            Self::System | Self::Index => None,
        }
    }

    /// The purpose that storage kept; `None` if the two do not belong together.
    #[must_use]
    pub fn from_stored(kind: &str, contact: Option<ContactId>) -> Option<Self> {
        match (kind, contact) {
            ("contact", Some(contact)) => Some(Self::Contact(contact)),
            ("system", None) => Some(Self::System),
            ("index", None) => Some(Self::Index),
            _ => None,
        }
    }
}

/// Where a key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Seals and opens. At most one key of each purpose.
    Current,
    /// Opens; whatever it sealed is being sealed again with its successor.
    Retiring,
    /// Its secret is gone, and with it everything that it sealed.
    Destroyed,
}

impl KeyState {
    /// What storage keeps.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Retiring => "retiring",
            Self::Destroyed => "destroyed",
        }
    }

    /// The state that storage kept.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Current, Self::Retiring, Self::Destroyed].into_iter().find(|state| state.name() == name)
    }
}

/// A key as storage keeps it. It holds no secret in clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The row's id.
    pub id: KeyId,
    /// What it is for. Bound into `wrapped`: another purpose does not unwrap.
    pub purpose: KeyPurpose,
    /// Where it stands.
    pub state: KeyState,
    /// The key, sealed with a master key, whose id stands in it. Empty once destroyed.
    pub wrapped: Sealed,
    /// A known value sealed with the key, by which a start sees that it works. Empty once destroyed.
    pub canary: Sealed,
}

/// What is needed of storage to keep keys. Each call is one transaction, durable when it returns.
pub trait KeyRows: Send + Sync {
    /// The key with this id, in any state.
    ///
    /// # Errors
    /// Whatever storage says.
    fn load(&self, id: KeyId) -> std::result::Result<Option<KeyRow>, StorageError>;

    /// Every key of a purpose, in any state and order.
    ///
    /// # Errors
    /// Whatever storage says.
    fn of_purpose(&self, purpose: &KeyPurpose) -> std::result::Result<Vec<KeyRow>, StorageError>;

    /// The first `limit` keys with ids greater than `after`, in ascending order, in any state; from the smallest if
    /// there is no `after`. Empty only at the end.
    ///
    /// # Errors
    /// Whatever storage says.
    fn after(&self, after: Option<KeyId>, limit: usize) -> std::result::Result<Vec<KeyRow>, StorageError>;

    /// Adds a current key and lets the one it succeeds, if there is one, retire, in one transaction. False, and nothing
    /// changes, if the id is taken, `succeeds` is not current, or the purpose has another current key.
    ///
    /// # Errors
    /// Whatever storage says.
    fn add(&self, row: &KeyRow, succeeds: Option<KeyId>) -> std::result::Result<bool, StorageError>;

    /// Of each pair of an expected and a new row with the same id, writes the new one in place of the expected one. The
    /// answers are in the order of the pairs: false, and that row does not change, if it is no longer equal to the
    /// expected one. Storage may make them durable together. The old bytes are to go from its files as soon as it can
    /// (SQLite: `secure_delete`, and a truncating checkpoint once a key was destroyed and nobody reads an older state).
    ///
    /// # Errors
    /// Whatever storage says; some of the rows may have been written.
    fn replace_each(&self, rows: &[(KeyRow, KeyRow)]) -> std::result::Result<Vec<bool>, StorageError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_a_signed_column() {
        for _ in 0..100 {
            let id = KeyId::random().unwrap();
            assert!(id.to_i64() >= 0);
            assert_eq!(KeyId::from_i64(id.to_i64()), Some(id));
            assert_eq!(KeyId::from_bytes(id.to_bytes()), id);
        }
        assert_eq!(KeyId::from_i64(-1), None);
        assert_eq!(KeyId::from_bytes([0xff; 8]).to_i64(), i64::MAX);
        assert_eq!(KeyId::from_bytes([0, 0, 0, 0, 0, 0, 1, 0xab]).to_string(), "00000000000001ab");
    }

    #[test]
    fn a_contact_has_an_id_of_bounded_length() {
        assert!(matches!(ContactId::new(""), Err(Error::InvalidContact { bytes: 0, .. })));
        assert!(ContactId::new("a".repeat(128)).is_ok());
        assert!(matches!(ContactId::new("a".repeat(129)), Err(Error::InvalidContact { bytes: 129, .. })));
    }

    #[test]
    fn purposes_and_states_come_back_from_what_is_stored() {
        let contact = ContactId::new("7").unwrap();
        for purpose in [KeyPurpose::Contact(contact.clone()), KeyPurpose::System, KeyPurpose::Index] {
            let stored = KeyPurpose::from_stored(purpose.kind(), purpose.contact().cloned());
            assert_eq!(stored, Some(purpose));
        }
        assert_eq!(KeyPurpose::from_stored("contact", None), None);
        assert_eq!(KeyPurpose::from_stored("system", Some(contact)), None);
        assert_eq!(KeyPurpose::from_stored("other", None), None);
        for state in [KeyState::Current, KeyState::Retiring, KeyState::Destroyed] {
            assert_eq!(KeyState::from_name(state.name()), Some(state));
        }
        assert_eq!(KeyState::from_name("new"), None);
    }
}
