//! Vectors that were computed before: a text embedded by a model is embedded once.

use futures::FutureExt;

use crate::{
    Result, Store, Timestamp,
    engine::{Transaction, values},
};

/// SHA-256 of what was embedded.
pub type ContentHash = [u8; 32];

impl Store {
    /// The vectors, as bytes, that the model with this fingerprint gave for each text; `None` where it was never asked.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn cached_embeddings(
        &self,
        model: &str,
        hashes: Vec<ContentHash>,
    ) -> Result<Vec<Option<Vec<u8>>>> {
        let model = model.to_owned();
        self.read(move |transaction| async move { cached(transaction, &model, &hashes).await }.boxed()).await
    }

    /// Keeps vectors. One that is there stays.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn cache_embeddings(
        &self,
        model: &str,
        vectors: Vec<(ContentHash, Vec<u8>)>,
        at: Timestamp,
    ) -> Result<()> {
        let model = model.to_owned();
        let sql = "INSERT INTO embeddings (model_fingerprint, content_hash, vector, created_at) \
                   VALUES ($1, $2, $3, $4) ON CONFLICT (model_fingerprint, content_hash) DO NOTHING";
        self.write(move |transaction| {
            async move {
                let sets = vectors.into_iter().map(|(hash, vector)| {
                    vec![model.as_str().into(), hash[..].into(), vector.into(), at.into()]
                });
                transaction.execute_each(sql, &sets.collect::<Vec<_>>()).await
            }
            .boxed()
        })
        .await
    }

    /// Forgets the vectors of every other model; how many there were.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn forget_embeddings_except(&self, model: &str) -> Result<u64> {
        let model = model.to_owned();
        let sql = "DELETE FROM embeddings WHERE model_fingerprint <> $1";
        self.write(move |transaction| async move { transaction.execute(sql, values![model]).await }.boxed())
            .await
    }
}

async fn cached(
    transaction: &mut Transaction<'_>,
    model: &str,
    hashes: &[ContentHash],
) -> Result<Vec<Option<Vec<u8>>>> {
    let sql = "SELECT vector FROM embeddings WHERE model_fingerprint = $1 AND content_hash = $2";
    let mut vectors = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let row = transaction.row(sql, values![model, &hash[..]]).await?;
        vectors.push(row.map(|row| row.only("embeddings")).transpose()?);
    }
    Ok(vectors)
}
