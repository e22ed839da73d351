//! Which content under which models a snapshot is made of. Pure.

use sha2::{Digest, Sha256};

use crate::{BuildOptions, FaqEntry, Reranking};

/// The same for the same entries and labels in the same order, embedding model and reranker. 16 hex digits.
pub(crate) fn version(entries: &[FaqEntry], options: &BuildOptions, model_fingerprint: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(model_fingerprint);
    if let Some(Reranking { reranker, candidates }) = &options.reranking {
        hasher.update(format!("{} {candidates}\n", reranker.info().fingerprint));
    }
    for entry in entries {
        // Entries and labels always serialise: they hold strings, flags and times only.
        hasher.update(serde_json::to_vec(entry).unwrap_or_default());
        hasher.update(b"\n");
    }
    for label in &options.labels {
        hasher.update(serde_json::to_vec(label).unwrap_or_default());
        hasher.update(b"\n");
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
