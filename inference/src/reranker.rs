//! The handle over a cross-encoder: a question and its candidates in, one score per candidate out, computed on other
//! threads.
//!
//! A request goes through a bounded queue to a worker thread, which tokenizes the pairs, scores them in batches of like
//! length and answers through a one-shot reply. Any async runtime may call; no CPU work happens on its threads.

use std::sync::{Arc, Mutex};
use std::thread;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};

use crate::pool::{PoolSize, thread_refused};
use crate::rerank_worker::{RerankRequest, RerankWorkshop};
use crate::stats::{Counters, RerankerStats};
use crate::{CrossEncoder, Error, ModelInfo, Result};

/// How a [`Reranker`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RerankerOptions {
    /// Threads that tokenize and score, 1 to 256. Each works on one question at a time.
    pub workers: usize,
    /// Questions that may wait, at least 1; those being scored do not count.
    pub queue_capacity: usize,
    /// Padded tokens (longest × count) of one batch, at least 1: bounds the memory that a question with many long
    /// candidates takes. A longer pair is a batch of its own.
    pub token_budget: usize,
}

impl Default for RerankerOptions {
    /// Two workers where there are two processor cores (candle spreads large products over the cores itself; the second
    /// worker tokenizes meanwhile); 32 questions; 4096 tokens, eight pairs of 512.
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { workers: cores.min(2), queue_capacity: 32, token_budget: 4_096 }
    }
}

/// A cross-encoder at work. Cloning copies pointers; when the last clone is dropped, the workers end after their present
/// question.
#[derive(Clone)]
pub struct Reranker {
    requests: mpsc::Sender<RerankRequest>,
    workshop: Arc<RerankWorkshop>,
}

impl Reranker {
    /// Starts the worker threads, named `rerank-0`, `rerank-1`, …
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when an option is out of range or the system refuses a thread.
    pub fn start(model: Arc<dyn CrossEncoder>, options: &RerankerOptions) -> Result<Self> {
        let RerankerOptions { workers, queue_capacity, token_budget } = *options;
        PoolSize { workers, queue_capacity, token_budget }.check()?;
        let (requests, waiting) = mpsc::channel(queue_capacity);
        let waiting = Arc::new(Mutex::new(waiting));
        let workshop = Arc::new(RerankWorkshop { model, token_budget, counters: Counters::default() });
        for number in 0..workers {
            let (workshop, waiting) = (Arc::clone(&workshop), Arc::clone(&waiting));
            // Threads already started end with `requests` when a later one cannot be started.
            thread::Builder::new()
                .name(format!("rerank-{number}"))
                .spawn(move || workshop.work(&waiting))
                .map_err(|error| thread_refused(number, &error))?;
        }
        Ok(Self { requests, workshop })
    }

    /// Describes the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        self.workshop.model.info()
    }

    /// One score per passage, in the order given: the raw logit of the pair (`question`, passage), greater is more
    /// relevant (see [`CrossEncoder`]). Refused at once when the queue is full. No passages give no scores, without
    /// asking the model. Dropping the future withdraws the request.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when the queue is full; [`Error::Inference`] when the computation fails, for all passages
    /// together.
    pub async fn score(&self, question: &str, passages: Vec<String>) -> Result<Vec<f32>> {
        self.workshop.counters.requests.add(1);
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let place = self.requests.try_reserve().map_err(|refusal| self.refused(&refusal))?;
        scores(place, question, passages).await
    }

    /// As [`score`](Self::score), for work that nobody waits for: waits for room in the queue and is never
    /// [`Error::Overloaded`].
    ///
    /// # Errors
    /// [`Error::Inference`] when the computation fails, for all passages together.
    pub async fn score_when_room(&self, question: &str, passages: Vec<String>) -> Result<Vec<f32>> {
        self.workshop.counters.requests.add(1);
        if passages.is_empty() {
            return Ok(Vec::new());
        }
        let place = self.requests.reserve().await.map_err(|_| Error::Closed)?;
        scores(place, question, passages).await
    }

    /// Questions that wait now.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.requests.max_capacity().saturating_sub(self.requests.capacity())
    }

    /// What happened since the start.
    #[must_use]
    pub fn stats(&self) -> RerankerStats {
        let counters = &self.workshop.counters;
        RerankerStats {
            requests: counters.requests.value(),
            overloaded: counters.overloaded.value(),
            skipped: counters.skipped.value(),
            batches: counters.batches.value(),
            scored: counters.computed.value(),
            failures: counters.failures.value(),
        }
    }

    fn refused(&self, refusal: &TrySendError<()>) -> Error {
        match refusal {
            TrySendError::Closed(()) => Error::Closed,
            TrySendError::Full(()) => {
                self.workshop.counters.overloaded.add(1);
                Error::Overloaded
            }
        }
    }
}

/// Puts a question into its `place` in the queue and waits for the reply.
async fn scores(
    place: mpsc::Permit<'_, RerankRequest>,
    question: &str,
    passages: Vec<String>,
) -> Result<Vec<f32>> {
    let (reply, receiver) = oneshot::channel();
    place.send(RerankRequest { question: question.to_owned(), passages, reply });
    receiver.await.unwrap_or(Err(Error::Closed))
}
