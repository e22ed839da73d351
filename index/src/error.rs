//! What can go wrong, by what the caller can do about it.

use std::path::PathBuf;

/// The result of this crate's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Everything this crate refuses or fails to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter or the dimension is out of range: correct the configuration.
    #[error("index parameter `{name}` is {value}, it must be {expected}")]
    InvalidParameter {
        /// The field of [`IndexParameters`](crate::IndexParameters), or `dimension`.
        name: &'static str,
        /// The value given.
        value: String,
        /// The values allowed.
        expected: &'static str,
    },
    /// A vector to be stored is unusable: correct or skip it. The index is unchanged.
    #[error("vector of id {id}: {reason}")]
    InvalidVector {
        /// The id it was to be stored under.
        id: u64,
        /// What is wrong with it.
        reason: VectorFault,
    },
    /// A vector to be searched for is unusable.
    #[error("query vector: {reason}")]
    InvalidQuery {
        /// What is wrong with it.
        reason: VectorFault,
    },
    /// No more rows can be addressed: split the index.
    #[error("the index is full at {rows} rows")]
    Full {
        /// Rows stored, replaced and removed ones included.
        rows: usize,
    },
    /// A background rebuild failed. Every edit is kept and searchable, by scanning; the next commit tries again.
    #[error("the index could not be rebuilt in the background: {reason}")]
    Rebuild {
        /// What happened.
        reason: String,
    },
    /// The operating system refused to read or write a file.
    #[error("cannot {action} the index file {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// `read` or `write`.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The file is not a sound index: restore it, or build the index again from its source.
    #[error("the index file {} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        reason: String,
    },
    /// The file was written by another version of the format: build the index again from its source.
    #[error("the index file {} has format version {found}, this program reads version {supported}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// The version in the file.
        found: u32,
        /// The version this program reads and writes.
        supported: u32,
    },
}

/// Why a vector cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VectorFault {
    /// It has another number of values than the index.
    #[error("it has {actual} values, the index holds vectors of {expected}")]
    Dimension {
        /// The index's dimension.
        expected: usize,
        /// The vector's.
        actual: usize,
    },
    /// A value is NaN.
    #[error("value {position} is not a number")]
    NotANumber {
        /// Position from 0.
        position: usize,
    },
    /// A value is infinite.
    #[error("value {position} is infinite")]
    Infinite {
        /// Position from 0.
        position: usize,
    },
    /// Every value is zero, so it has no direction.
    #[error("all its values are zero")]
    Zero,
}
