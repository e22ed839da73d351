//! Whether a worker stays on one core.

use std::sync::{Arc, Mutex};

use inference::{
    Embedder, EmbedderOptions, Embedding, EncoderInput, ModelInfo, Result, Role, SentenceEncoder,
};

use crate::gate::fake_info;

/// Notes how many cores the thread that encodes may run on.
struct CountsCores {
    info: ModelInfo,
    counts: Mutex<Vec<usize>>,
}

impl SentenceEncoder for CountsCores {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, _: &str, _: Role) -> Result<EncoderInput> {
        Ok(EncoderInput { token_ids: vec![1] })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>> {
        self.counts.lock().unwrap().push(core_affinity::get_core_ids().map_or(0, |cores| cores.len()));
        Ok(inputs.iter().map(|_| Embedding::normalized(vec![1.0])).collect())
    }
}

#[tokio::test]
async fn a_pinned_worker_has_one_core() {
    let cores = core_affinity::get_core_ids().map_or(0, |cores| cores.len());
    for (pinned, expected) in [(true, cores.min(1)), (false, cores)] {
        let encoder = Arc::new(CountsCores { info: fake_info(1), counts: Mutex::default() });
        let options = EmbedderOptions { pinned, cache_capacity: 0, ..EmbedderOptions::default() };
        let embedder = Embedder::start(Arc::clone(&encoder) as _, &options).unwrap();
        for _ in 0..8 {
            embedder.embed("退款", Role::Query).await.unwrap();
        }
        assert!(encoder.counts.lock().unwrap().iter().all(|count| *count == expected), "pinned: {pinned}");
    }
}
