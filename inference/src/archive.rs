//! Vectors that were computed before, kept outside the process.

use std::pin::Pin;

use crate::{Embedding, Role};

/// What an archive does later.
pub type Archiving<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Keeps the vectors of texts that are embedded again at every start. It belongs to one model: whoever implements it
/// tells models apart by their [fingerprint](crate::ModelInfo::fingerprint).
///
/// An archive that fails says so in the log and knows nothing: the vectors are computed.
pub trait VectorArchive: Send + Sync {
    /// What is known of each text, in order.
    fn recall<'a>(&'a self, texts: &'a [String], role: Role) -> Archiving<'a, Vec<Option<Embedding>>>;

    /// Keeps vectors of texts that were not known.
    fn keep<'a>(&'a self, vectors: Vec<(&'a str, Embedding)>, role: Role) -> Archiving<'a, ()>;
}
