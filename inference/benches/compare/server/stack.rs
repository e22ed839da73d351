//! One loaded model and the ways in which it is measured. Tokenizing is always included, the cache is off.

use std::sync::Arc;
use std::time::Instant;

use cpu_time::ProcessTime;
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, Role, SentenceEncoder, load_model};
use tokio::runtime::Runtime;

use crate::protocol::Reply;
use crate::workers::Workers;
use crate::{Outcome, peak, workers};

/// See the module.
pub(crate) struct Stack {
    encoder: Arc<dyn SentenceEncoder>,
    embedder: Embedder,
    runtime: Runtime,
    workers: Workers,
    worker_count: usize,
}

impl Stack {
    pub(crate) fn load(files: &ModelFiles, options: &ModelOptions, worker_count: usize) -> Outcome<Self> {
        let encoder = load_model(files, options)?;
        let embedder_options =
            EmbedderOptions { workers: worker_count, cache_capacity: 0, ..EmbedderOptions::default() };
        Ok(Self {
            embedder: Embedder::start(Arc::clone(&encoder), &embedder_options)?,
            runtime: tokio::runtime::Builder::new_current_thread().build()?,
            workers: Workers::start(&encoder, worker_count)?,
            encoder,
            worker_count,
        })
    }

    /// Seconds for each text, on this thread.
    pub(crate) fn single(&self, texts: &[String]) -> Outcome<Vec<f64>> {
        timed(texts, |text| workers::embed(self.encoder.as_ref(), std::slice::from_ref(text)))
    }

    /// Seconds for each text through the handle that the product holds.
    pub(crate) fn queued(&self, texts: &[String]) -> Outcome<Vec<f64>> {
        timed(texts, |text| Ok(self.runtime.block_on(self.embedder.embed(text, Role::Query))?))
    }

    /// All texts, `size` to a call of the encoder.
    pub(crate) fn batches(&self, texts: &[String], size: usize) -> Outcome<Reply> {
        let batches: Vec<Vec<String>> = texts.chunks(size.max(1)).map(<[String]>::to_vec).collect();
        let (started, used) = (Instant::now(), ProcessTime::now());
        let embedded = self.workers.embed(batches)?;
        Ok(Reply::Batch {
            seconds: started.elapsed().as_secs_f64(),
            processor_seconds: used.elapsed().as_secs_f64(),
            vectors: embedded.iter().map(|vector| vector.as_slice().to_vec()).collect(),
        })
    }

    /// Seconds for all texts, on this thread.
    pub(crate) fn tokenize(&self, texts: &[String]) -> Outcome<f64> {
        let started = Instant::now();
        for text in texts {
            self.encoder.tokenize(text, Role::Query)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    /// Operations a second that as many threads as there are workers reach together.
    pub(crate) fn peak(&self) -> Option<f64> {
        peak::operations_per_second(self.encoder.info().precision, self.worker_count)
    }
}

fn timed<T>(texts: &[String], embed: impl Fn(&String) -> Outcome<T>) -> Outcome<Vec<f64>> {
    texts
        .iter()
        .map(|text| {
            let asked = Instant::now();
            embed(text)?;
            Ok(asked.elapsed().as_secs_f64())
        })
        .collect()
}
