//! What the store keeps but cannot read.
//!
//! Of the form of a sealed value and of a blind index the store knows one thing: where the id of its key stands, big
//! endian. It is there so that [the fence](crate::Error::KeyNotCurrent) can look at it.

use std::fmt;

use crate::{
    KeyId,
    engine::{FromValue, Value},
};

/// Where the key's id begins in a sealed value.
const SEALED_KEY_AT: usize = 1;

/// Where the key's id begins in a blind index.
const INDEX_KEY_AT: usize = 0;

macro_rules! opaque_bytes {
    ($(#[$documentation:meta])+ $name:ident) => {
        $(#[$documentation])+
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(pub Vec<u8>);

        /// Prints the length only.
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({} bytes)", stringify!($name), self.0.len())
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Option<Self> {
                Vec::from_value(value).map(Self)
            }
        }
    };
}

opaque_bytes! {
    /// An encrypted value: message bodies and everything personal arrive sealed and leave sealed. Its bytes 1 to 8 are
    /// the id of its key.
    Sealed
}

opaque_bytes! {
    /// A keyed hash by which a value can be found again without being known: equal values have equal hashes. Its first 8
    /// bytes are the id of its key.
    BlindIndex
}

opaque_bytes! {
    /// What makes a message the same message when it is delivered again, unique within a channel. Where the platform's
    /// own key holds a person's identifier, this is its hash.
    DedupeKey
}

opaque_bytes! {
    /// A key as it is kept: sealed by another that is not in the store. Empty once it is destroyed.
    Wrapped
}

impl From<Sealed> for Value {
    fn from(sealed: Sealed) -> Self {
        Self::Fenced { key: key_at(&sealed.0, SEALED_KEY_AT), bytes: sealed.0 }
    }
}

impl From<BlindIndex> for Value {
    fn from(index: BlindIndex) -> Self {
        Self::Fenced { key: key_at(&index.0, INDEX_KEY_AT), bytes: index.0 }
    }
}

impl From<DedupeKey> for Value {
    fn from(key: DedupeKey) -> Self {
        Self::Bytes(key.0)
    }
}

impl From<Wrapped> for Value {
    fn from(wrapped: Wrapped) -> Self {
        Self::Bytes(wrapped.0)
    }
}

/// `None` where there are too few bytes, or no key can have that id.
fn key_at(bytes: &[u8], start: usize) -> Option<KeyId> {
    let id = bytes.get(start..)?.first_chunk().copied()?;
    Some(i64::from_be_bytes(id)).filter(|id| *id >= 0).map(KeyId)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_names_its_key_if_it_is_long_enough() {
        let bytes = vec![0, 0, 0, 0, 0, 0, 0, 0, 5, 9];
        assert_eq!(key_at(&bytes, SEALED_KEY_AT), Some(KeyId(5)));
        assert_eq!(key_at(&bytes, INDEX_KEY_AT), Some(KeyId(0)));
        assert_eq!(key_at(&bytes[..8], SEALED_KEY_AT), None);
        assert_eq!(key_at(&[255; 9], SEALED_KEY_AT), None);
    }

    #[test]
    fn debug_prints_the_length_and_nothing_of_the_content() {
        assert_eq!(format!("{:?}", Sealed(b"13800138000".to_vec())), "Sealed(11 bytes)");
        assert_eq!(format!("{:?}", BlindIndex(vec![7; 16])), "BlindIndex(16 bytes)");
    }
}
