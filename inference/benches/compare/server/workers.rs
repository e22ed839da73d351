//! Independent workers, each with batches of its own: how the product uses several cores, without its queue.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use inference::{Embedding, Role, SentenceEncoder};

use crate::Outcome;

type Embedded = Outcome<Vec<Embedding>>;

/// Threads that stay, so that what each allocates to work in is there when the next batch comes.
pub(crate) struct Workers {
    /// One for each worker: a batch's number and texts.
    batches: Vec<Sender<(usize, Vec<String>)>>,
    results: Receiver<(usize, Embedded)>,
}

impl Workers {
    pub(crate) fn start(encoder: &Arc<dyn SentenceEncoder>, count: usize) -> Outcome<Self> {
        let (reply, results) = channel();
        let batches: Outcome<Vec<_>> =
            (0..count).map(|_| start_worker(Arc::clone(encoder), reply.clone())).collect();
        Ok(Self { batches: batches?, results })
    }

    /// The vectors of all texts in order; batches go to the workers in turn.
    pub(crate) fn embed(&self, batches: Vec<Vec<String>>) -> Embedded {
        let count = batches.len();
        for (batch, worker) in batches.into_iter().enumerate().zip(self.batches.iter().cycle()) {
            worker.send(batch)?;
        }
        let mut embedded: Vec<Vec<Embedding>> = vec![Vec::new(); count];
        for _ in 0..count {
            let (number, vectors) = self.results.recv()?;
            embedded[number] = vectors?;
        }
        Ok(embedded.into_iter().flatten().collect())
    }
}

fn start_worker(
    encoder: Arc<dyn SentenceEncoder>,
    reply: Sender<(usize, Embedded)>,
) -> Outcome<Sender<(usize, Vec<String>)>> {
    let (batches, received) = channel::<(usize, Vec<String>)>();
    thread::Builder::new().name("measured".to_owned()).spawn(move || {
        // Ends when the stack is dropped.
        while let Ok((number, texts)) = received.recv() {
            if reply.send((number, embed(encoder.as_ref(), &texts))).is_err() {
                break;
            }
        }
    })?;
    Ok(batches)
}

/// From text to vectors in one call of the encoder.
pub(crate) fn embed(encoder: &dyn SentenceEncoder, texts: &[String]) -> Embedded {
    let mut inputs = Vec::with_capacity(texts.len());
    for text in texts {
        inputs.push(encoder.tokenize(text, Role::Query)?);
    }
    Ok(encoder.encode(&inputs)?.into_iter().collect::<Result<_, _>>()?)
}
