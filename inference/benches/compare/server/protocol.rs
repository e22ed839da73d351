//! What is asked and answered, one JSON object a line. `protocol.py` is the other end.

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(tag = "measure", rename_all = "lowercase")]
pub(crate) enum Request {
    /// One text after another, on the caller's thread.
    Single { texts: Vec<String> },
    /// The same through the handle that the product holds: queue, worker thread, reply.
    Queued { texts: Vec<String> },
    /// All texts, `size` to a call, the calls shared out among the workers.
    Batch { texts: Vec<String>, size: usize },
    /// Text to token ids alone.
    Tokenize { texts: Vec<String> },
    /// What the processor reaches in the arithmetic of this stack's products.
    Peak,
}

#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Reply {
    /// Seconds for each text, from text to vector.
    Single { seconds: Vec<f64> },
    /// Seconds for all on the clock and on the processor, and the vectors in the texts' order.
    Batch { seconds: f64, processor_seconds: f64, vectors: Vec<Vec<f32>> },
    /// Seconds for all texts.
    Tokenize { seconds: f64 },
    /// Additions and multiplications a second over all workers; `None` where this build has no loop for it.
    Peak { operations_per_second: Option<f64> },
}
