//! What a loaded model can do, whatever its architecture.

use crate::{Embedding, Precision, Result};

/// Which side of a search a text is on; decides the prompt that the model expects in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A customer's question.
    Query,
    /// A stored phrasing or text that questions are compared with.
    Passage,
}

/// One tokenized text, with prompt and special tokens, truncated to the model's limit. Never empty for a transformer;
/// may be empty for a token table when no token is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncoderInput {
    /// Rows of the model's embedding table.
    pub token_ids: Vec<u32>,
}

/// What a loaded model is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelInfo {
    /// The manifest's name.
    pub name: String,
    /// Values per vector, after Matryoshka truncation if one was asked for; 1 for a cross-encoder, its score.
    pub dimension: usize,
    /// Tokens kept of a text, or of a pair, special tokens included.
    pub max_tokens: usize,
    /// SPDX identifier from the manifest.
    pub licence: String,
    /// Changes whenever a file of the model, the kept dimension or the precision changes: vectors (or scores) of different fingerprints
    /// must not be compared.
    pub fingerprint: String,
    /// For people: `bert`, `static`, …
    pub architecture: String,
    /// In what numbers its linear layers are computed.
    pub precision: Precision,
    /// For people: `cpu`, `cuda:0`, …
    pub device: String,
}

/// A model on a device. Called from worker threads only; one call computes one batch.
pub trait SentenceEncoder: Send + Sync {
    /// Describes the model.
    fn info(&self) -> &ModelInfo;

    /// Puts the prompt of `role` in front, tokenizes, adds special tokens and truncates to the model's limit.
    ///
    /// # Errors
    /// [`Error::Inference`](crate::Error::Inference) when the tokenizer fails.
    fn tokenize(&self, text: &str, role: Role) -> Result<EncoderInput>;

    /// One result per input, in order. An input without a direction (no known token) is that input's own
    /// [`Error::Unencodable`](crate::Error::Unencodable); the others are not affected.
    ///
    /// # Errors
    /// [`Error::Inference`](crate::Error::Inference) when the computation of the whole batch fails.
    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>>;

    /// Whether a batch takes much less time than its inputs one by one, as on a graphics card. Where it does not, what waits is
    /// shared between the workers.
    fn batches_pay(&self) -> bool {
        false
    }
}
