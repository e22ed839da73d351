//! The bounded queue between callers and workers. Callers push sentences, workers take the next piece of work:
//! tokenizing one sentence, or encoding a batch. Used by the embedder and its workers only.
//!
//! Sentences are served in order of their [`Turn`]: live ones (a customer waits) before bulk ones (indexing), but a bulk
//! sentence is overtaken only by as many later arrivals as the queue has places, so that neither can starve the other.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, oneshot};

use crate::batch::next_batch;
use crate::{EmbeddedText, EncoderInput, Error, Result, Role};

/// Sentences are tokenized ahead up to this many token budgets, so that batches can be formed of like lengths.
const BUDGETS_AHEAD: usize = 2;

/// Where a caller waits for its vector.
pub(crate) type Reply = oneshot::Receiver<Result<EmbeddedText>>;

/// What a worker does next.
pub(crate) enum Work {
    /// Tokenize, then [`Queue::put_tokenized`] or reply with the error.
    Tokenize(Request),
    /// Encode and reply. Never empty.
    Encode(Vec<(Request, EncoderInput)>),
}

/// A sentence and its place in the queue; the place is given back when the request becomes a [`Sentence`] or is dropped.
pub(crate) struct Request {
    sentence: Sentence,
    turn: Turn,
    _place: Place,
}

/// A text and whom to tell.
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) role: Role,
    pub(crate) reply: oneshot::Sender<Result<EmbeddedText>>,
}

/// Any number of callers and workers share one.
pub(crate) struct Queue {
    state: Mutex<State>,
    work_arrived: Condvar,
    places: Arc<Semaphore>,
    /// What bulk sentences may hold of the places: half, so that they alone never make a live one overloaded.
    bulk_places: Arc<Semaphore>,
    capacity: usize,
    token_budget: usize,
    /// See [`Queue::new`].
    sharing_workers: Option<usize>,
}

#[derive(Default)]
struct State {
    arrived: BTreeMap<Turn, Request>,
    tokenized: BTreeMap<Turn, (Request, EncoderInput)>,
    /// The sum of the lengths in `tokenized`.
    tokens: usize,
    arrivals: u64,
    /// Workers that wait for work, or have been woken and do not run yet.
    idle_workers: usize,
    closed: bool,
}

/// The order of service: smallest `due` first. The arrival number makes turns unique.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    due: u64,
    arrival: u64,
}

struct Place {
    _any: OwnedSemaphorePermit,
    bulk: Option<OwnedSemaphorePermit>,
}

impl Queue {
    /// `capacity` counts sentences, `token_budget` padded tokens of a batch; both at least 1. `sharing_workers`: among how many
    /// workers what waits is shared; without, one worker may take all of it.
    pub(crate) fn new(capacity: usize, token_budget: usize, sharing_workers: Option<usize>) -> Self {
        Self {
            state: Mutex::default(),
            work_arrived: Condvar::new(),
            places: Arc::new(Semaphore::new(capacity)),
            bulk_places: Arc::new(Semaphore::new(capacity.div_ceil(2))),
            capacity,
            token_budget,
            sharing_workers,
        }
    }

    /// Queues a live sentence, at once or not at all: [`Error::Overloaded`].
    pub(crate) fn push(&self, text: &str, role: Role) -> Result<Reply> {
        let any = Arc::clone(&self.places).try_acquire_owned().map_err(|error| match error {
            TryAcquireError::NoPermits => Error::Overloaded,
            TryAcquireError::Closed => Error::Closed,
        })?;
        Ok(self.admit(text, role, Place { _any: any, bulk: None }))
    }

    /// Queues a bulk sentence as soon as there is room for it.
    pub(crate) async fn push_when_room(&self, text: &str, role: Role) -> Result<Reply> {
        let bulk = Arc::clone(&self.bulk_places).acquire_owned().await.map_err(|_| Error::Closed)?;
        let any = Arc::clone(&self.places).acquire_owned().await.map_err(|_| Error::Closed)?;
        Ok(self.admit(text, role, Place { _any: any, bulk: Some(bulk) }))
    }

    /// Waits for work; it never waits for a batch to fill. `None` when the queue is closed.
    pub(crate) fn next_work(&self) -> Option<Work> {
        let mut state = self.lock();
        while !state.closed {
            if let Some(work) = state.take_work(self.token_budget, self.sharing_workers) {
                let more = state.has_work();
                self.wake_one(state, more);
                return Some(work);
            }
            state.idle_workers += 1;
            state = self.work_arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.idle_workers -= 1;
        }
        None
    }

    /// Hands back a sentence from [`Work::Tokenize`] with its tokens. The same worker must ask for work again.
    pub(crate) fn put_tokenized(&self, request: Request, input: EncoderInput) {
        let mut state = self.lock();
        state.tokens += input.token_ids.len();
        state.tokenized.insert(request.turn, (request, input));
    }

    /// Sentences that wait for a batch.
    pub(crate) fn depth(&self) -> usize {
        self.capacity.saturating_sub(self.places.available_permits())
    }

    /// Ends the workers' loops. Sentences that wait are dropped with the queue.
    pub(crate) fn close(&self) {
        self.places.close();
        self.bulk_places.close();
        self.lock().closed = true;
        self.work_arrived.notify_all();
    }

    fn admit(&self, text: &str, role: Role, place: Place) -> Reply {
        let (reply, receiver) = oneshot::channel();
        let sentence = Sentence { text: text.to_owned(), role, reply };
        let head_start = if place.bulk.is_some() { self.capacity as u64 } else { 0 };
        let mut state = self.lock();
        let turn = Turn { due: state.arrivals + head_start, arrival: state.arrivals };
        state.arrivals += 1;
        state.arrived.insert(turn, Request { sentence, turn, _place: place });
        self.wake_one(state, true);
        receiver
    }

    /// Lets go of the state and, if there is work for another worker, wakes one that waits. Notifying is a call of the system
    /// even when nobody waits, and under load nobody does.
    fn wake_one(&self, state: MutexGuard<'_, State>, work: bool) {
        let somebody_waits = state.idle_workers > 0;
        drop(state);
        if work && somebody_waits {
            self.work_arrived.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that can panic runs under this lock, so a poisoned state is still whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    pub(crate) fn sentence(&self) -> &Sentence {
        &self.sentence
    }

    /// Whether nobody waits for the vector any more.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.sentence.reply.is_closed()
    }

    /// Gives the place in the queue back.
    pub(crate) fn into_sentence(self) -> Sentence {
        self.sentence
    }
}

impl State {
    fn has_work(&self) -> bool {
        !self.arrived.is_empty() || !self.tokenized.is_empty()
    }

    fn take_work(&mut self, token_budget: usize, sharing_workers: Option<usize>) -> Option<Work> {
        let most = sharing_workers.map_or(usize::MAX, |workers| self.share(workers));
        if self.tokenizes_next(token_budget, most) {
            return self.arrived.pop_first().map(|(_, request)| Work::Tokenize(request));
        }
        let batch = self.take_batch(token_budget, most);
        (!batch.is_empty()).then_some(Work::Encode(batch))
    }

    /// Half of what each of the workers would get of all that waits, at least 1 when anything does: while little waits nobody computes for a
    /// customer who could be served by an idle worker, and under load batches are large enough that replies wake few threads
    /// (factoring; Hummel, Schonberg and Flynn 1992).
    fn share(&self, workers: usize) -> usize {
        (self.arrived.len() + self.tokenized.len()).div_ceil(2 * workers)
    }

    /// Whether enough is tokenized to form a batch, except for sentences whose turn comes first.
    fn tokenizes_next(&self, token_budget: usize, most: usize) -> bool {
        let Some((next_arrived, _)) = self.arrived.first_key_value() else { return false };
        let overtakes = self.tokenized.first_key_value().is_none_or(|(turn, _)| next_arrived < turn);
        let enough =
            self.tokens >= token_budget.saturating_mul(BUDGETS_AHEAD) || self.tokenized.len() >= most;
        overtakes || !enough
    }

    fn take_batch(&mut self, token_budget: usize, most: usize) -> Vec<(Request, EncoderInput)> {
        let (turns, lengths): (Vec<Turn>, Vec<usize>) =
            self.tokenized.iter().map(|(turn, (_, input))| (*turn, input.token_ids.len())).unzip();
        let mut batch = Vec::new();
        for position in next_batch(&lengths, token_budget, most) {
            self.tokens -= lengths[position];
            batch.extend(self.tokenized.remove(&turns[position]));
        }
        batch
    }
}
