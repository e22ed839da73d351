//! What the store keeps but cannot read.

use std::fmt;

use crate::engine::{FromValue, Value};

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

        impl From<$name> for Value {
            fn from(opaque: $name) -> Self {
                Self::Bytes(opaque.0)
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
    /// An encrypted value: message bodies and everything personal arrive sealed and leave sealed.
    Sealed
}

opaque_bytes! {
    /// A keyed hash by which a value can be found again without being known: equal values have equal hashes.
    BlindIndex
}

opaque_bytes! {
    /// What makes a message the same message when it is delivered again, unique within a channel. Where the platform's
    /// own key holds a person's identifier, this is its keyed hash.
    DedupeKey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_the_length_and_nothing_of_the_content() {
        assert_eq!(format!("{:?}", Sealed(b"13800138000".to_vec())), "Sealed(11 bytes)");
        assert_eq!(format!("{:?}", BlindIndex(vec![7; 16])), "BlindIndex(16 bytes)");
    }
}
