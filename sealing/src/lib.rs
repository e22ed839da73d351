//! Nothing in clear: personal text is sealed before it reaches storage, and opened only where it belongs.
//!
//! What passes through: a [`MasterKey`] unwraps data keys, one for each contact; a [`Vault`], which everybody holds,
//! turns a [`Plain`] and its [`Place`] into a [`Sealed`] value and back. Destroying a contact's key erases the person.
//! A [`BlindIndex`] finds an exact value without opening anything. Keys of every kind are replaced while the service
//! runs ([`rotation`]), and backups are encrypted to public keys ([`backup`]).
//!
//! Storage is the caller's: it implements [`KeyRows`] and the rows' side of [`rotation`]. Nothing here knows SQL or
//! HTTP. Calls block while storage answers, so asynchronous callers use a blocking thread. Ciphers are named only in
//! this crate.
//!
//! # The fence
//! While a key is being replaced, a writer may hold a value that it sealed just before. Storage therefore commits a
//! sealed value or a blind index only if [its key](Sealed::key_id) is [current](KeyState::Current) in the same
//! transaction; otherwise it refuses the write, and the writer calls [`Vault::forget_keys`] and seals again. With
//! this rule the rows under a retiring key can only become fewer, and a pass that finds none proves that there are none.

mod algorithm;
pub mod backup;
mod blind_index;
mod envelope;
mod error;
mod key_cache;
mod key_rows;
mod master_key;
mod place;
mod plain;
pub mod rotation;
mod secret;
mod vault;
mod wrapping;

pub use algorithm::Algorithm;
pub use blind_index::BlindIndex;
pub use envelope::Sealed;
pub use error::{Error, Fault, Result, StorageError};
pub use key_rows::{ContactId, KeyId, KeyPurpose, KeyRow, KeyRows, KeyState};
pub use master_key::{MasterKey, MasterKeySource, MasterKeys};
pub use place::{Owner, Place};
pub use plain::Plain;
pub use vault::{KeyCheck, KeyCount, Vault, VaultOptions};
