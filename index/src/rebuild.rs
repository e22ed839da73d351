//! A new base for an index, made on a background thread from one published picture of it: removed rows dropped,
//! and a graph if the size asks for one. The writer starts it and takes the result in at a later commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::frozen::FrozenGraph;
use crate::searcher::Searcher;

/// A rebuild that runs or has finished. Dropping it makes the thread give up soon.
pub(crate) struct Rebuild {
    thread: Option<JoinHandle<Rebuilt>>,
    cancelled: Arc<AtomicBool>,
    /// Ids upserted or removed since the picture it works from.
    touched: HashSet<u64>,
}

/// The live rows of the picture, renumbered.
pub(crate) struct Rebuilt {
    pub(crate) contents: Contents,
    /// From id to slot.
    pub(crate) slots: HashMap<u64, u32>,
}

impl Rebuild {
    pub(crate) fn start(picture: Searcher) -> Result<Self> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancelled);
        let thread = thread::Builder::new()
            .name("index-rebuild".to_owned())
            .spawn(move || Rebuilt::from_picture(&picture, &flag))
            .map_err(|error| Error::Rebuild { reason: format!("no thread could be started: {error}") })?;
        Ok(Self { thread: Some(thread), cancelled, touched: HashSet::new() })
    }

    pub(crate) fn touch(&mut self, id: u64) {
        self.touched.insert(id);
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits for the thread. Returns its result and the ids touched meanwhile, ascending.
    pub(crate) fn finish(mut self) -> Result<(Rebuilt, Vec<u64>)> {
        let mut touched: Vec<u64> = self.touched.drain().collect();
        touched.sort_unstable();
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(rebuilt)) => Ok((rebuilt, touched)),
            Some(Err(panic)) => Err(Error::Rebuild { reason: message(panic.as_ref()) }),
            None => Err(Error::Rebuild { reason: "it was finished before".to_owned() }),
        }
    }
}

impl Drop for Rebuild {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Rebuilt {
    fn from_picture(picture: &Searcher, cancelled: &AtomicBool) -> Self {
        let old = picture.contents();
        let mut contents = Contents::new(old.parameters.clone(), old.rows.without(&old.removed));
        if contents.wants_graph() {
            tracing::info!(rows = contents.len(), "building the index graph");
            contents.graph =
                FrozenGraph::build(&contents.rows, &contents.parameters, cancelled).map(Arc::new);
        }
        let slots = (0..contents.rows.len() as u32).map(|slot| (contents.rows.id(slot), slot)).collect();
        Self { contents, slots }
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}
