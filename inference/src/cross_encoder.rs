//! What a loaded cross-encoder can do, whatever its architecture.

use crate::{ModelInfo, Result};

/// A question and a passage, tokenized together with special tokens and truncated to the model's limit. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairInput {
    /// Rows of the model's embedding table.
    pub token_ids: Vec<u32>,
    /// As many as `token_ids`: 0 for the question's tokens, 1 for the passage's. All 0 for a model that is not
    /// told (RoBERTa, XLM-RoBERTa).
    pub segments: Vec<u32>,
}

/// A model that reads a question and a passage together and says how relevant the passage is. Called from worker
/// threads only; one call of [`score`](Self::score) computes one batch.
///
/// A score is the raw logit of the classifier's only label: greater is more relevant, any finite number. Scores order
/// the passages of one model; they are no probabilities, also where the model's card speaks of a sigmoid over them, and
/// those of different models must not be compared.
pub trait CrossEncoder: Send + Sync {
    /// Describes the model; its dimension is 1, the one score.
    fn info(&self) -> &ModelInfo;

    /// Tokenizes a pair, adds special tokens and truncates to the model's limit, the longer text first. Either text may
    /// be empty.
    ///
    /// # Errors
    /// [`Error::Inference`](crate::Error::Inference) when the tokenizer fails.
    fn tokenize(&self, question: &str, passage: &str) -> Result<PairInput>;

    /// One score per input, in order, whatever else is in the batch. No inputs give no scores.
    ///
    /// # Errors
    /// [`Error::Inference`](crate::Error::Inference) when an input is not one of this model's or the computation fails.
    fn score(&self, inputs: &[PairInput]) -> Result<Vec<f32>>;
}
