//! The handle that the rest of the product holds: text in, vector out, computed on other threads.
//!
//! A text goes through the cache, the bounded queue, a worker thread that tokenizes it, a batch and a one-shot reply.
//! Any async runtime may call; no CPU work happens on its threads.

use std::sync::Arc;
use std::thread;

use core_affinity::CoreId;

use crate::batch::default_token_budget;
use crate::cache::{CacheStats, EmbeddingCache};
use crate::pool::{MOST_WORKERS, PoolSize, thread_refused};
use crate::queue::{Queue, Reply};
use crate::stats::{Counters, EmbedderStats};
use crate::worker::Workshop;
use crate::{
    DeviceChoice, EmbeddedText, Embedding, Error, ModelInfo, Result, Role, SentenceEncoder, VectorArchive,
};

/// How an [`Embedder`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbedderOptions {
    /// Threads that tokenize and encode, 1 to 256.
    pub workers: usize,
    /// Each worker stays on one processor core, so that what it computes with stays in that core's caches. Sensible on a
    /// machine that does little else. Without effect where the system does not let a thread choose.
    pub pinned: bool,
    /// Texts that may wait, at least 1; those being encoded do not count. [`Embedder::embed_many`] uses at most half.
    pub queue_capacity: usize,
    /// Padded tokens (longest × count) of one batch, at least 1. A longer text is a batch of its own. It also bounds how
    /// long a customer's question waits for a bulk batch that has begun.
    pub token_budget: usize,
    /// Vectors kept of texts asked before; 0 keeps none. One takes `dimension` × 4 bytes and its text.
    pub cache_capacity: u64,
}

impl EmbedderOptions {
    /// One worker for each processor core, not pinned; 1024 texts; 256 tokens on a processor and 16 384 on an NVIDIA card,
    /// which needs more to be filled; 10 000 vectors.
    #[must_use]
    pub fn for_device(device: DeviceChoice) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self {
            workers: cores.min(MOST_WORKERS),
            pinned: false,
            queue_capacity: 1_024,
            token_budget: default_token_budget(device),
            cache_capacity: 10_000,
        }
    }
}

impl Default for EmbedderOptions {
    /// Those for a processor.
    fn default() -> Self {
        Self::for_device(DeviceChoice::Cpu)
    }
}

/// A model at work. Cloning copies a pointer; when the last clone is dropped, the workers end after their present batch.
#[derive(Clone)]
pub struct Embedder {
    lease: Arc<Lease>,
    archive: Option<Arc<dyn VectorArchive>>,
}

impl Embedder {
    /// Starts the worker threads, named `embed-0`, `embed-1`, …
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when an option is out of range or the system refuses a thread.
    pub fn start(encoder: Arc<dyn SentenceEncoder>, options: &EmbedderOptions) -> Result<Self> {
        let EmbedderOptions { workers, queue_capacity, token_budget, .. } = *options;
        PoolSize { workers, queue_capacity, token_budget }.check()?;
        let sharing_workers = (!encoder.batches_pay()).then_some(workers);
        let workshop = Arc::new(Workshop {
            queue: Queue::new(queue_capacity, token_budget, sharing_workers),
            cache: EmbeddingCache::new(options.cache_capacity, &encoder.info().fingerprint),
            counters: Counters::default(),
            encoder,
        });
        // Held from here on, so that the threads already started end when a later one cannot be.
        let embedder = Self { lease: Arc::new(Lease(workshop)), archive: None };
        let cores =
            if options.pinned { core_affinity::get_core_ids().unwrap_or_default() } else { Vec::new() };
        for number in 0..options.workers {
            // More workers than cores share them in turn.
            embedder.start_worker(number, cores.get(number % cores.len().max(1)).copied())?;
        }
        Ok(embedder)
    }

    /// The same model, whose [`embed_many`](Self::embed_many) asks `archive` first and keeps there what was not known.
    /// Only for texts of the business: what customers ask does not belong into an archive.
    #[must_use]
    pub fn with_archive(&self, archive: Arc<dyn VectorArchive>) -> Self {
        Self { lease: Arc::clone(&self.lease), archive: Some(archive) }
    }

    /// Describes the model.
    #[must_use]
    pub fn info(&self) -> &ModelInfo {
        self.workshop().encoder.info()
    }

    /// The vector of one text, for somebody who waits: refused at once when the queue is full, and served before the
    /// texts of [`embed_many`](Self::embed_many). Dropping the future withdraws the request.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when the queue is full; [`Error::Unencodable`] when the text has no direction (the empty
    /// text, for a token table); [`Error::Inference`] when the computation fails.
    pub async fn embed(&self, text: &str, role: Role) -> Result<Embedding> {
        self.embed_counted(text, role).await.map(|embedded| embedded.vector)
    }

    /// The same, with the number of tokens.
    ///
    /// # Errors
    /// As in [`embed`](Self::embed).
    pub async fn embed_counted(&self, text: &str, role: Role) -> Result<EmbeddedText> {
        if let Some(known) = self.ask_cache(text, role) {
            return Ok(known);
        }
        let reply = self.workshop().queue.push(text, role).inspect_err(|error| {
            self.workshop().counters.overloaded.add(usize::from(matches!(error, Error::Overloaded)));
        })?;
        received(reply).await
    }

    /// One result per text, in order, for indexing and evaluation: waits for room in the queue and is never
    /// [`Error::Overloaded`]. No texts give no results. Dropping the future withdraws what was not yet encoded.
    pub async fn embed_many(&self, texts: &[String], role: Role) -> Vec<Result<Embedding>> {
        match &self.archive {
            Some(archive) => self.embed_unknown(texts, role, archive.as_ref()).await,
            None => without_counts(self.embed_many_counted(texts, role).await),
        }
    }

    /// The same, with the numbers of tokens; it asks no archive.
    pub async fn embed_many_counted(&self, texts: &[String], role: Role) -> Vec<Result<EmbeddedText>> {
        let mut pending = Vec::with_capacity(texts.len());
        for text in texts {
            pending.push(self.request(text, role).await);
        }
        let mut results = Vec::with_capacity(texts.len());
        for pending in pending {
            results.push(match pending {
                Pending::Done(result) => result,
                Pending::Waiting(reply) => received(reply).await,
            });
        }
        results
    }

    /// Computes what the archive does not know, and lets it keep that.
    async fn embed_unknown(
        &self,
        texts: &[String],
        role: Role,
        archive: &dyn VectorArchive,
    ) -> Vec<Result<Embedding>> {
        let known = archive.recall(texts, role).await;
        let is_known = |position: usize| known.get(position).is_some_and(Option::is_some);
        let positions: Vec<usize> = (0..texts.len()).filter(|position| !is_known(*position)).collect();
        let unknown: Vec<String> = positions.iter().map(|position| texts[*position].clone()).collect();
        let computed = without_counts(self.embed_many_counted(&unknown, role).await);
        let fresh = unknown.iter().zip(&computed);
        let fresh = fresh.filter_map(|(text, vector)| Some((text.as_str(), vector.as_ref().ok()?.clone())));
        let fresh: Vec<(&str, Embedding)> = fresh.collect();
        if !fresh.is_empty() {
            archive.keep(fresh, role).await;
        }
        let mut computed = computed.into_iter();
        let known = known.into_iter().chain(std::iter::repeat(None)).take(texts.len());
        known
            .map(|known| known.map(Ok).unwrap_or_else(|| computed.next().unwrap_or(Err(Error::Closed))))
            .collect()
    }

    /// Texts that wait for a batch now.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.workshop().queue.depth()
    }

    /// What the cache did since the start.
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        self.workshop().cache.stats()
    }

    /// What happened since the start.
    #[must_use]
    pub fn stats(&self) -> EmbedderStats {
        let (counters, cache) = (&self.workshop().counters, self.cache_stats());
        EmbedderStats {
            requests: counters.requests.value(),
            cache_hits: cache.hits,
            cache_misses: cache.misses,
            overloaded: counters.overloaded.value(),
            skipped: counters.skipped.value(),
            batches: counters.batches.value(),
            encoded: counters.computed.value(),
            failures: counters.failures.value(),
        }
    }

    fn start_worker(&self, number: usize, core: Option<CoreId>) -> Result<()> {
        let workshop = Arc::clone(self.workshop());
        let started = thread::Builder::new().name(format!("embed-{number}")).spawn(move || {
            if let Some(core) = core
                && !core_affinity::set_for_current(core)
            {
                tracing::warn!(worker = number, core = core.id, "the worker could not be pinned to its core");
            }
            workshop.work();
        });
        match started {
            Ok(_) => Ok(()),
            Err(error) => Err(thread_refused(number, &error)),
        }
    }

    async fn request(&self, text: &str, role: Role) -> Pending {
        if let Some(known) = self.ask_cache(text, role) {
            return Pending::Done(Ok(known));
        }
        match self.workshop().queue.push_when_room(text, role).await {
            Ok(reply) => Pending::Waiting(reply),
            Err(error) => Pending::Done(Err(error)),
        }
    }

    fn ask_cache(&self, text: &str, role: Role) -> Option<EmbeddedText> {
        self.workshop().counters.requests.add(1);
        self.workshop().cache.get(text, role)
    }

    fn workshop(&self) -> &Arc<Workshop> {
        &self.lease.0
    }
}

/// What all clones share; the workers hold only what is inside, so the last clone's end is seen.
struct Lease(Arc<Workshop>);

impl Drop for Lease {
    fn drop(&mut self) {
        // Not joined: this may run on an async runtime's thread, and a batch may take a second.
        self.0.queue.close();
    }
}

enum Pending {
    Done(Result<EmbeddedText>),
    Waiting(Reply),
}

async fn received(reply: Reply) -> Result<EmbeddedText> {
    reply.await.unwrap_or(Err(Error::Closed))
}

fn without_counts(embedded: Vec<Result<EmbeddedText>>) -> Vec<Result<Embedding>> {
    embedded.into_iter().map(|embedded| embedded.map(|embedded| embedded.vector)).collect()
}
