//! The threads that compute. Each takes work from the queue until it is closed; nothing an encoder does ends one.

use std::sync::Arc;

use crate::cache::EmbeddingCache;
use crate::guard::guarded;
use crate::queue::{Queue, Request, Sentence, Work};
use crate::stats::Counters;
use crate::{EmbeddedText, Embedding, EncoderInput, Error, Result, SentenceEncoder};

/// What callers and workers share.
pub(crate) struct Workshop {
    pub(crate) encoder: Arc<dyn SentenceEncoder>,
    pub(crate) queue: Queue,
    pub(crate) cache: EmbeddingCache,
    pub(crate) counters: Counters,
}

impl Workshop {
    /// A worker thread's whole life.
    pub(crate) fn work(&self) {
        while let Some(work) = self.queue.next_work() {
            match work {
                Work::Tokenize(request) => self.tokenize(request),
                Work::Encode(batch) => self.encode(batch),
            }
        }
    }

    fn tokenize(&self, request: Request) {
        if request.is_abandoned() {
            self.counters.skipped.add(1);
            return;
        }
        let Sentence { text, role, .. } = request.sentence();
        match self.guard(|| self.encoder.tokenize(text, *role)) {
            Ok(input) => self.queue.put_tokenized(request, input),
            Err(error) => answer(request.into_sentence(), Err(error)),
        }
    }

    fn encode(&self, batch: Vec<(Request, EncoderInput)>) {
        let taken = batch.len();
        let (sentences, inputs): (Vec<Sentence>, Vec<EncoderInput>) = batch
            .into_iter()
            .filter(|(request, _)| !request.is_abandoned())
            .map(|(request, input)| (request.into_sentence(), input))
            .unzip();
        self.counters.skipped.add(taken - sentences.len());
        if sentences.is_empty() {
            return;
        }
        self.counters.batches.add(1);
        self.counters.computed.add(sentences.len());
        match self.guard(|| self.encode_inputs(&inputs)) {
            Ok(results) => sentences.into_iter().zip(results).for_each(|(sentence, result)| {
                self.answer_and_keep(sentence, result);
            }),
            Err(error) => sentences.into_iter().for_each(|sentence| answer(sentence, Err(error.clone()))),
        }
    }

    fn encode_inputs(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<EmbeddedText>>> {
        let results = self.encoder.encode(inputs)?;
        if results.len() != inputs.len() {
            let reason = format!("{} results for {} sentences", results.len(), inputs.len());
            return Err(Error::Inference(reason));
        }
        let with_length = |(vector, input): (Result<Embedding>, &EncoderInput)| {
            vector.map(|vector| EmbeddedText { vector, tokens: input.token_ids.len() })
        };
        Ok(results.into_iter().zip(inputs).map(with_length).collect())
    }

    fn guard<T>(&self, compute: impl FnOnce() -> Result<T>) -> Result<T> {
        guarded(self.encoder.info(), &self.counters.failures, compute)
    }

    fn answer_and_keep(&self, sentence: Sentence, result: Result<EmbeddedText>) {
        if let Ok(embedded) = &result {
            self.cache.insert(&sentence.text, sentence.role, embedded.clone());
        }
        answer(sentence, result);
    }
}

fn answer(sentence: Sentence, result: Result<EmbeddedText>) {
    // A caller that left meanwhile no longer listens; that is no error.
    let _ = sentence.reply.send(result);
}
