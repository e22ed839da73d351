//! The one error type of this crate, by what the caller can do.

use crate::{ConversationId, KeyId};

/// Why something was not stored or not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Somebody else was first, or the row is no longer what the caller read; read again and decide anew.
    #[error("conflict: {what}")]
    Conflict {
        /// What stands in the way.
        what: String,
    },
    /// The conversation changed hands since its owner epoch was read; drop the reply.
    #[error("conversation {conversation} has changed hands: its owner epoch is now {owner_epoch}")]
    StaleOwner {
        /// The conversation.
        conversation: ConversationId,
        /// Its owner epoch now.
        owner_epoch: i64,
    },
    /// A sealed value or a blind index was made with a key that is being replaced or is gone: make it anew with the
    /// current key. Nothing was stored. This is the fence: with it, what a retiring key sealed can only become less.
    #[error("the key {key} is not current")]
    KeyNotCurrent {
        /// The key.
        key: KeyId,
    },
    /// There is no such row.
    #[error("{table} has no {id}")]
    NotFound {
        /// The table's name.
        table: &'static str,
        /// What was asked for.
        id: String,
    },
    /// The caller's record breaks a rule that holds for every such record; correct it.
    #[error("refused: {what}")]
    Invalid {
        /// Which rule.
        what: String,
    },
    /// The disk is full. Nothing of the batch was stored; reads go on, and writes resume once there is space.
    #[error("the disk is full")]
    DiskFull,
    /// More writes wait than are allowed to wait; nothing was stored, try again shortly.
    #[error("too many writes are waiting")]
    Busy,
    /// The engine failed or is out of reach. The write may or may not have been stored: repeat it with the same ids and
    /// keys, and it is stored once.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the engine said.
        reason: String,
    },
    /// The database cannot be used safely as it is configured; change that, then open again.
    #[error("the database is not opened: {reason}")]
    Refused {
        /// What has to be changed.
        reason: String,
    },
    /// A newer version of this program has used the database; use that one.
    #[error("the database has schema version {found}, this program knows versions up to {known}")]
    NewerSchema {
        /// The version found.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The schema is not the one that the migrations make; restore a backup.
    #[error("the schema is broken: {reason}")]
    Schema {
        /// What differs.
        reason: String,
    },
    /// A row cannot be read back; the rest is served.
    #[error("{table} {id} is corrupt: {reason}")]
    Corrupt {
        /// The table's name.
        table: &'static str,
        /// The row's id.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// An archive is truncated, altered, or not of this program, or cannot be written; nothing was stored. Use another
    /// copy.
    #[error("the archive cannot be used: {reason}")]
    Archive {
        /// What is wrong with it.
        reason: String,
    },
    /// A statement of this crate is wrong: a bug.
    #[error("defect in the store: {reason}")]
    Defect {
        /// What the engine said.
        reason: String,
    },
}

impl Error {
    /// Whether the same call can succeed later without anybody changing anything in it.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Busy | Self::Unavailable { .. })
    }

    pub(crate) fn conflict(what: impl Into<String>) -> Self {
        Self::Conflict { what: what.into() }
    }

    /// A row with the same key is there already. What the engine says of it names tables, so it is logged only.
    pub(crate) fn taken(said: &dyn std::fmt::Display) -> Self {
        tracing::info!(%said, "a row with the same key is there already");
        Self::conflict("something with the same identifier was stored by others already")
    }

    pub(crate) fn invalid(what: impl Into<String>) -> Self {
        Self::Invalid { what: what.into() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "identifiers are copied")]
    pub(crate) fn not_found(table: &'static str, id: impl ToString) -> Self {
        Self::NotFound { table, id: id.to_string() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "this shape fits `map_err`")]
    pub(crate) fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "this shape fits `map_err`")]
    pub(crate) fn defect(reason: impl ToString) -> Self {
        Self::Defect { reason: reason.to_string() }
    }
}

/// This crate's results.
pub type Result<T> = std::result::Result<T, Error>;
