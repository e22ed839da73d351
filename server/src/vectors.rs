//! Vectors of the business's own texts, kept in the store, so that the next start does not compute them again.

use std::sync::Arc;

use inference::{Archiving, Embedding, ModelInfo, Role, VectorArchive};
use sha2::{Digest, Sha256};
use store::{ContentHash, Store};

use crate::clock;

/// The store as an archive of one model's vectors.
pub(crate) struct StoredVectors {
    store: Arc<Store>,
    /// The same files give other vectors in other numbers and when they are cut.
    model: String,
}

impl StoredVectors {
    pub(crate) fn new(store: Arc<Store>, model: &ModelInfo) -> Self {
        let model = format!("{} {} {}", model.fingerprint, model.precision, model.dimension);
        Self { store, model }
    }
}

impl VectorArchive for StoredVectors {
    fn recall<'a>(&'a self, texts: &'a [String], role: Role) -> Archiving<'a, Vec<Option<Embedding>>> {
        Box::pin(async move {
            let hashes = texts.iter().map(|text| hash(text, role)).collect();
            match self.store.cached_embeddings(&self.model, hashes).await {
                Ok(found) => {
                    found.into_iter().map(|bytes| bytes.and_then(|bytes| from_bytes(&bytes))).collect()
                }
                Err(error) => {
                    tracing::warn!(%error, "kept vectors cannot be read; they are computed again");
                    Vec::new()
                }
            }
        })
    }

    fn keep<'a>(&'a self, vectors: Vec<(&'a str, Embedding)>, role: Role) -> Archiving<'a, ()> {
        Box::pin(async move {
            let rows = vectors.iter().map(|(text, vector)| (hash(text, role), to_bytes(vector))).collect();
            if let Err(error) = self.store.cache_embeddings(&self.model, rows, clock::timestamp()).await {
                tracing::warn!(%error, "vectors cannot be kept; the next start computes them again");
            }
        })
    }
}

/// Model, role and text decide about a vector; the model is a column of its own.
fn hash(text: &str, role: Role) -> ContentHash {
    let role = match role {
        Role::Query => "query\0",
        Role::Passage => "passage\0",
    };
    Sha256::new().chain_update(role).chain_update(text).finalize().into()
}

/// f32, little endian.
fn to_bytes(vector: &Embedding) -> Vec<u8> {
    vector.as_slice().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// `None` for what is no vector of unit length: it is computed again.
fn from_bytes(bytes: &[u8]) -> Option<Embedding> {
    let (values, rest) = bytes.as_chunks::<4>();
    let values = values.iter().map(|value| f32::from_le_bytes(*value)).collect();
    if rest.is_empty() { Embedding::restored(values) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_as_it_was_and_damaged_bytes_do_not() {
        let vector = Embedding::normalized(vec![0.3, -0.4, 1.7]).unwrap();
        let bytes = to_bytes(&vector);
        assert_eq!(from_bytes(&bytes), Some(vector));
        assert_eq!(from_bytes(&bytes[..11]), None);
        assert_eq!(from_bytes(&[0; 12]), None);
        assert_ne!(hash("a", Role::Query), hash("a", Role::Passage));
    }
}
