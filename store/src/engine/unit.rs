//! A write that waits for its turn, with whoever waits for its outcome.

use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::Transaction;
use crate::{Error, Result};

/// What a full disk means to a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    /// It is refused.
    Ordinary,
    /// It is tried although no space is kept back.
    Urgent,
    /// The space that is kept back is given up for it.
    LastResort,
}

/// A unit of any outcome, as the writer sees it.
pub(super) trait WaitingUnit: Send {
    /// What a full disk means to it.
    fn urgency(&self) -> Urgency;

    /// Performs it. The error, if any, is the one that [`answer`](Self::answer) will give.
    fn perform<'t>(&'t mut self, transaction: &'t mut Transaction<'_>) -> BoxFuture<'t, Result<()>>;

    /// Tells the waiter its outcome, or why the whole group was not committed.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// A unit and the channel on which its outcome is awaited.
pub(super) struct Unit<F, T> {
    urgency: Urgency,
    work: Option<F>,
    outcome: Option<Result<T>>,
    waiter: oneshot::Sender<Result<T>>,
}

impl<F, T> Unit<F, T> {
    pub(super) fn new(urgency: Urgency, work: F, waiter: oneshot::Sender<Result<T>>) -> Self {
        Self { urgency, work: Some(work), outcome: None, waiter }
    }
}

impl<F, T> WaitingUnit for Unit<F, T>
where
    F: for<'t> FnOnce(&'t mut Transaction<'_>) -> BoxFuture<'t, Result<T>> + Send + 'static,
    T: Send + 'static,
{
    fn urgency(&self) -> Urgency {
        self.urgency
    }

    fn perform<'t>(&'t mut self, transaction: &'t mut Transaction<'_>) -> BoxFuture<'t, Result<()>> {
        Box::pin(async move {
            let work = self.work.take().ok_or_else(|| Error::defect("a unit was performed twice"))?;
            let outcome = work(transaction).await;
            let told = outcome.as_ref().map(drop).map_err(Error::clone);
            self.outcome = Some(outcome);
            told
        })
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let Self { outcome, waiter, .. } = *self;
        let missing = || Err(Error::defect("a unit was answered before it was performed"));
        let outcome = committed.and_then(|()| outcome.unwrap_or_else(missing));
        // Whoever waited may have given up: what was committed stays committed.
        let _ = waiter.send(outcome);
    }
}

/// Tells the same to everybody.
pub(super) fn answer_all(group: Vec<Box<dyn WaitingUnit>>, committed: &Result<()>) {
    for unit in group {
        unit.answer(committed.clone());
    }
}
