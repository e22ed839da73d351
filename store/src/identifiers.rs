//! Identifiers, one type for each kind of row, so that none is taken for another.
//!
//! The caller makes them, before the row exists: what is sealed is bound to the row's identifier, and a write that is
//! repeated with the same identifier is recognised. Version 7 keeps rows of one time together.

use std::fmt;

use uuid::Uuid;

use crate::engine::{FromValue, Value};

macro_rules! identifier {
    ($(#[$documentation:meta] $name:ident;)+) => {$(
        #[$documentation]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The identifier's value.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<$name> for Value {
            fn from(identifier: $name) -> Self {
                Self::Bytes(identifier.0.as_bytes().to_vec())
            }
        }

        impl FromValue for $name {
            fn from_value(value: Value) -> Option<Self> {
                let bytes = Vec::from_value(value)?;
                Uuid::from_slice(&bytes).ok().map(Self)
            }
        }
    )+};
}

identifier! {
    /// A person on the other side.
    ContactId;
    /// A conversation with a contact.
    ConversationId;
    /// A message of a conversation.
    MessageId;
    /// A person who answers.
    AgentId;
    /// What a person agreed to, once.
    ConsentId;
    /// A knowledge base.
    KnowledgeBaseId;
    /// A labelled question.
    LabelId;
    /// A piece of work that survives a restart.
    JobId;
}
