//! Which content under which models a snapshot is made of. Pure.

use sha2::{Digest, Sha256};

use crate::{FaqEntry, Reranking};

/// The same for the same entries in the same order, embedding model and reranker. 16 hex digits.
pub(crate) fn version(
    entries: &[FaqEntry],
    model_fingerprint: &str,
    reranking: Option<&Reranking>,
) -> String {
    let mut hasher = Sha256::new();
    hasher.update(model_fingerprint);
    if let Some(Reranking { reranker, candidates }) = reranking {
        hasher.update(format!("{} {candidates}\n", reranker.info().fingerprint));
    }
    for entry in entries {
        // An entry always serialises: it holds strings, flags and times only.
        hasher.update(serde_json::to_vec(entry).unwrap_or_default());
        hasher.update(b"\n");
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
