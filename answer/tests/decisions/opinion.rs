//! A cross-encoder that scores by a function of both texts, and can be held up.

use std::sync::{Arc, Condvar, Mutex};

use answer::{BuildOptions, Reranking};
use inference::{CrossEncoder, ModelInfo, PairInput, Precision, Reranker, RerankerOptions};

/// From the question and the passage to a logit.
type Opinion = Box<dyn Fn(&str, &str) -> f32 + Send + Sync>;

pub(crate) struct Opinionated {
    info: ModelInfo,
    opinion: Opinion,
    gate: Gate,
}

/// Open at first.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    moved: Condvar,
}

impl Opinionated {
    pub(crate) fn new(opinion: impl Fn(&str, &str) -> f32 + Send + Sync + 'static) -> Arc<Self> {
        let info = ModelInfo {
            name: "opinionated".to_owned(),
            dimension: 1,
            max_tokens: 4_096,
            licence: "Apache-2.0".to_owned(),
            fingerprint: "opinionated".to_owned(),
            architecture: "test".to_owned(),
            precision: Precision::F32,
            device: "cpu".to_owned(),
        };
        Arc::new(Self { info, opinion: Box::new(opinion), gate: Gate::default() })
    }

    /// One worker, one place in the queue.
    pub(crate) fn reading(self: &Arc<Self>, candidates: usize) -> Reranking {
        let model: Arc<dyn CrossEncoder> = Arc::<Self>::clone(self);
        let options = RerankerOptions { workers: 1, queue_capacity: 1, ..RerankerOptions::default() };
        Reranking { reranker: Reranker::start(model, &options).unwrap(), candidates }
    }

    pub(crate) fn close_gate(&self) {
        *self.gate.closed.lock().unwrap() = true;
    }

    pub(crate) fn open_gate(&self) {
        *self.gate.closed.lock().unwrap() = false;
        self.gate.moved.notify_all();
    }
}

impl CrossEncoder for Opinionated {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// One token a character; the texts are told apart by their segment.
    fn tokenize(&self, question: &str, passage: &str) -> inference::Result<PairInput> {
        let segments = [(question, 0), (passage, 1)];
        let characters = segments
            .into_iter()
            .flat_map(|(text, segment)| text.chars().map(move |each| (u32::from(each), segment)));
        let (token_ids, segments) = characters.unzip();
        Ok(PairInput { token_ids, segments })
    }

    fn score(&self, inputs: &[PairInput]) -> inference::Result<Vec<f32>> {
        let closed = self.gate.closed.lock().unwrap();
        drop(self.gate.moved.wait_while(closed, |closed| *closed).unwrap());
        let text = |input: &PairInput, wanted: u32| {
            let characters = input.token_ids.iter().zip(&input.segments);
            let own = characters.filter(|(_, segment)| **segment == wanted);
            own.filter_map(|(id, _)| char::from_u32(*id)).collect::<String>()
        };
        Ok(inputs.iter().map(|input| (self.opinion)(&text(input, 0), &text(input, 1))).collect())
    }
}

pub(crate) fn with(reranking: Reranking) -> BuildOptions {
    BuildOptions { reranking: Some(reranking), ..BuildOptions::default() }
}
