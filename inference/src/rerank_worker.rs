//! The threads behind a reranker. Each takes one question at a time until every handle is gone; nothing a model does
//! ends one.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

use crate::batch::next_batch;
use crate::guard::guarded;
use crate::stats::Counters;
use crate::{CrossEncoder, Error, PairInput, Result};

/// A question, its candidates and whom to tell.
pub(crate) struct RerankRequest {
    pub(crate) question: String,
    pub(crate) passages: Vec<String>,
    pub(crate) reply: oneshot::Sender<Result<Vec<f32>>>,
}

/// What handles and workers share.
pub(crate) struct RerankWorkshop {
    pub(crate) model: Arc<dyn CrossEncoder>,
    /// Padded tokens of a batch, at least 1.
    pub(crate) token_budget: usize,
    pub(crate) counters: Counters,
}

impl RerankWorkshop {
    /// A worker thread's whole life.
    pub(crate) fn work(&self, waiting: &Mutex<mpsc::Receiver<RerankRequest>>) {
        while let Some(request) = next_request(waiting) {
            self.serve(request);
        }
    }

    fn serve(&self, request: RerankRequest) {
        let scores = guarded(self.model.info(), &self.counters.failures, || self.scores(&request));
        match scores.transpose() {
            // A caller that left meanwhile no longer listens; that is no error.
            Some(result) => drop(request.reply.send(result)),
            None => self.counters.skipped.add(1),
        }
    }

    /// One score per passage; `None` when the caller left before all were computed.
    fn scores(&self, request: &RerankRequest) -> Result<Option<Vec<f32>>> {
        let mut inputs = Vec::with_capacity(request.passages.len());
        for passage in &request.passages {
            if request.reply.is_closed() {
                return Ok(None);
            }
            inputs.push(self.model.tokenize(&request.question, passage)?);
        }
        let mut scores = vec![0.0; inputs.len()];
        let mut unscored: Vec<usize> = (0..inputs.len()).collect();
        while !unscored.is_empty() {
            if request.reply.is_closed() {
                return Ok(None);
            }
            let batch = take_batch(&mut unscored, &inputs, self.token_budget);
            for (position, score) in batch.iter().zip(self.score_batch(&batch, &inputs)?) {
                scores[*position] = score;
            }
        }
        Ok(Some(scores))
    }

    /// One finite score for each of the `batch`'s positions in `inputs`.
    fn score_batch(&self, batch: &[usize], inputs: &[PairInput]) -> Result<Vec<f32>> {
        let inputs: Vec<PairInput> = batch.iter().map(|position| inputs[*position].clone()).collect();
        self.counters.batches.add(1);
        self.counters.computed.add(inputs.len());
        let scores = self.model.score(&inputs)?;
        if scores.len() != inputs.len() {
            return Err(Error::Inference(format!("{} scores for {} pairs", scores.len(), inputs.len())));
        }
        match scores.iter().find(|score| !score.is_finite()) {
            Some(score) => Err(Error::Inference(format!("the score {score} is not finite"))),
            None => Ok(scores),
        }
    }
}

/// Waits for a request, together with the other workers. `None` when every handle is gone.
fn next_request(waiting: &Mutex<mpsc::Receiver<RerankRequest>>) -> Option<RerankRequest> {
    // Nothing that can panic runs under this lock, so a poisoned receiver is still whole.
    waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
}

/// Moves the positions of the next batch out of `unscored`, which is not empty.
fn take_batch(unscored: &mut Vec<usize>, inputs: &[PairInput], token_budget: usize) -> Vec<usize> {
    let lengths: Vec<usize> = unscored.iter().map(|position| inputs[*position].token_ids.len()).collect();
    let chosen = next_batch(&lengths, token_budget, usize::MAX);
    let batch: Vec<usize> = chosen.iter().map(|place| unscored[*place]).collect();
    // Both are ascending.
    unscored.retain(|position| batch.binary_search(position).is_err());
    batch
}
