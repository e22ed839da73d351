//! What the options of both handles, `Embedder` and `Reranker`, have in common: threads, places and batches.

use tokio::sync::Semaphore;

use crate::{Error, Result};

/// More threads than this are a mistake in the configuration.
pub(crate) const MOST_WORKERS: usize = 256;

/// The size of a worker pool and of what lies in front of it.
pub(crate) struct PoolSize {
    pub(crate) workers: usize,
    pub(crate) queue_capacity: usize,
    pub(crate) token_budget: usize,
}

impl PoolSize {
    /// # Errors
    /// [`Error::InvalidOption`] naming the option that is out of range.
    pub(crate) fn check(&self) -> Result<()> {
        check_range("workers", self.workers, MOST_WORKERS)?;
        check_range("queue_capacity", self.queue_capacity, Semaphore::MAX_PERMITS)?;
        check_range("token_budget", self.token_budget, usize::MAX)
    }
}

/// The error for a thread that the system refuses.
pub(crate) fn thread_refused(number: usize, error: &std::io::Error) -> Error {
    Error::InvalidOption { name: "workers", reason: format!("thread {number} could not be started: {error}") }
}

fn check_range(name: &'static str, value: usize, most: usize) -> Result<()> {
    match value {
        0 => Err(Error::InvalidOption { name, reason: "must be at least 1".to_owned() }),
        value if value > most => {
            Err(Error::InvalidOption { name, reason: format!("{value} is not within 1 to {most}") })
        }
        _ => Ok(()),
    }
}
