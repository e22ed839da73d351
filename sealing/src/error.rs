//! What can go wrong, by what the caller can do about it.

use std::path::{Path, PathBuf};

use crate::{ContactId, KeyId, Place};

/// The result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// What storage answers when it cannot do what was asked.
pub type StorageError = Box<dyn std::error::Error + Send + Sync>;

/// Everything this crate refuses or fails to do. No message holds a value, a key or a part of either.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The sealed value does not belong here or is no longer what was written: restore the row. Other rows are served.
    #[error("the sealed value at {place} cannot be opened: {fault}")]
    Damaged {
        /// Where it was found.
        place: Box<Place>,
        /// What is wrong with it.
        fault: Fault,
    },
    /// The value's key was destroyed: the person was erased, and so was the value.
    #[error("the sealed value at {place} is erased: its key {key} was destroyed")]
    Erased {
        /// Where it was found.
        place: Box<Place>,
        /// The destroyed key.
        key: KeyId,
    },
    /// The value names a key that storage does not hold: restore the keys, or the row.
    #[error("the sealed value at {place} needs the key {key}, which is not in storage")]
    UnknownKey {
        /// Where it was found.
        place: Box<Place>,
        /// The missing key.
        key: KeyId,
    },
    /// The value is too long for its cipher: split it.
    #[error("the value for {place} is too long to be sealed")]
    TooLong {
        /// Where it was to be stored.
        place: Box<Place>,
    },
    /// Nothing can be sealed for this contact yet: create its key.
    #[error("the contact {contact} has no key")]
    NoContactKey {
        /// The contact.
        contact: ContactId,
    },
    /// The contact was erased; its key does not come back. A returning person is a new contact.
    #[error("the contact {contact} was erased")]
    ContactErased {
        /// The contact.
        contact: ContactId,
    },
    /// An id of a contact is empty or too long.
    #[error("a contact's id must have 1 to {longest} bytes, found {bytes}")]
    InvalidContact {
        /// Bytes of the id given.
        bytes: usize,
        /// Bytes allowed.
        longest: usize,
    },
    /// The master key given is not the one that wraps the stored keys. Nothing was written: give the right one, and
    /// while a master key is being replaced, both.
    #[error("the key {key} is wrapped by the master key {wrapped_by}, which was not given")]
    WrongMasterKey {
        /// The key that cannot be unwrapped.
        key: KeyId,
        /// The id of the master key that is needed.
        wrapped_by: KeyId,
    },
    /// The stored form of a key was altered: restore it from a backup.
    #[error("the stored key {key} is damaged: its {part} does not open")]
    DamagedKey {
        /// The key.
        key: KeyId,
        /// `wrapped form` or `canary`.
        part: &'static str,
    },
    /// There are no system and index keys yet: create them once, with [`Vault::initialise`](crate::Vault::initialise).
    #[error("there is no {kind} key: the keys have not been created")]
    NotInitialised {
        /// `system` or `index`.
        kind: &'static str,
    },
    /// The master key cannot be read: correct the configuration.
    #[error("master key from {origin}: {reason}")]
    MasterKey {
        /// The file, the variable or the command.
        origin: String,
        /// What is wrong.
        reason: String,
    },
    /// A list of recipients or identities is unusable: correct it.
    #[error("{what}, line {line}: {reason}")]
    BackupKeys {
        /// `recipients` or `identities`.
        what: &'static str,
        /// From 1; 0 for the whole text.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// The backup is not for these identities, or is truncated or altered: use another copy.
    #[error("the backup cannot be opened: {reason}")]
    Backup {
        /// What is wrong.
        reason: String,
    },
    /// Others changed the same keys at the same time: try again.
    #[error("the keys were changed by others at the same time")]
    Contended,
    /// The operating system gives no random bytes: nothing can be sealed.
    #[error("the operating system gives no random bytes: {0}")]
    NoRandomness(String),
    /// Storage failed; its own error says what to do.
    #[error("storage failed")]
    Storage(#[source] StorageError),
    /// A file could not be read or written.
    #[error("cannot {action} {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// `create` or `write`.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl Error {
    pub(crate) fn damaged(place: &Place, fault: Fault) -> Self {
        Self::Damaged { place: Box::new(place.clone()), fault }
    }

    pub(crate) fn file(path: &Path, action: &'static str, source: std::io::Error) -> Self {
        Self::File { path: path.to_owned(), action, source }
    }
}

/// What is wrong with a sealed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is shorter than the shortest sealed value.
    #[error("it is truncated")]
    Truncated,
    /// Its first byte names no algorithm of this version.
    #[error("its algorithm {0} is unknown")]
    UnknownAlgorithm(u8),
    /// Its tag does not fit: it was altered, moved from another place, or sealed with another key.
    #[error("it was altered, or sealed elsewhere or with another key")]
    Unauthentic,
}
