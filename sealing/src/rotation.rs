//! Keys of every kind are replaced while the service runs.
//!
//! The caller drives: it creates a rotation and calls its `step` until it is [`Step::Done`], as fast or slowly as it
//! likes. Each step reads one batch and writes its rows, each write compared with what was read. A rotation
//! may be dropped after any step, or die within one, and be resumed: everything that is needed is in storage.
//!
//! [`MasterRotation`] wraps the data keys anew, [`DataRotation`] seals values anew, [`IndexRotation`] computes blind
//! indexes anew. A data or index key is destroyed after a whole pass over its rows has found none; that no row was added
//! meanwhile is [the fence's](crate#the-fence) part.

mod data;
mod index;
mod master;
mod retirement;
mod sweep;

pub use data::{DataRotation, SealedRow, SealedRows};
pub use index::{IndexRotation, IndexedRow, IndexedRows};
pub use master::MasterRotation;

/// Where a row stands in the order in which storage gives rows: whatever storage needs to continue after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub Vec<u8>);

/// How far a rotation is. `T` names what could not be read: a key's id or a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// There is more to do.
    More,
    /// A whole pass found nothing more to do.
    Done(Outcome<T>),
}

/// What a rotation did, since it was created or resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<T> {
    /// Rows written anew.
    pub moved: u64,
    /// Rows that do not open, or do not hold what is indexed, and were left as they are. Their old key stays, retiring, until a rotation is resumed and
    /// finds them restored or gone.
    pub unreadable: Vec<T>,
}
