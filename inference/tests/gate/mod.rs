//! What the fake models of the embedder's and the reranker's tests share: a gate that holds a worker, and a record of
//! what came to it.

use std::sync::{Condvar, Mutex};
use std::thread;
use std::time::Duration;

use inference::ModelInfo;
use inference::Precision;

/// Open at first.
#[derive(Default)]
pub(crate) struct Gate {
    closed: Mutex<bool>,
    moved: Condvar,
    batches: Mutex<Vec<Vec<String>>>,
    thread_names: Mutex<Vec<String>>,
}

impl Gate {
    pub(crate) fn close(&self) {
        *self.closed.lock().unwrap() = true;
    }

    pub(crate) fn open(&self) {
        *self.closed.lock().unwrap() = false;
        self.moved.notify_all();
    }

    /// Notes a batch's texts, then waits until the gate is open.
    pub(crate) fn pass(&self, texts: &[String]) {
        self.batches.lock().unwrap().push(texts.to_vec());
        let mut closed = self.closed.lock().unwrap();
        while *closed {
            closed = self.moved.wait(closed).unwrap();
        }
    }

    pub(crate) fn note_thread(&self) {
        self.thread_names.lock().unwrap().push(thread::current().name().unwrap_or_default().to_owned());
    }

    /// The texts of each batch that reached the gate.
    pub(crate) fn batches(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap().clone()
    }

    pub(crate) fn thread_names(&self) -> Vec<String> {
        self.thread_names.lock().unwrap().clone()
    }
}

/// Describes a model that is called `fake`.
pub(crate) fn fake_info(dimension: usize) -> ModelInfo {
    ModelInfo {
        name: "fake".to_owned(),
        dimension,
        max_tokens: 1_000,
        licence: "Apache-2.0".to_owned(),
        fingerprint: "fake".to_owned(),
        architecture: "fake".to_owned(),
        precision: Precision::F32,
        device: "cpu".to_owned(),
    }
}

/// Waits for other threads; a condition that never holds fails the test.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..20_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("never: {what}");
}
