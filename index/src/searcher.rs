//! The reading half: an immutable picture of an index.

use std::fmt;
use std::sync::Arc;

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::parameters::IndexKind;
use crate::vector::to_unit;

/// An index as one commit left it. Cloning is cheap, searching takes no lock, and later commits leave it as it is.
#[derive(Clone)]
pub struct Searcher {
    contents: Arc<Contents>,
}

/// A row found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbor {
    /// The id it is stored under.
    pub id: u64,
    /// Cosine of the angle between the query and the row, -1 to 1: greater is closer.
    pub similarity: f32,
}

impl Searcher {
    /// The `k` rows closest to `query`, closest first, equals by id; all rows if there are fewer, none from an
    /// empty index or for `k` = 0. The query need not be of unit length.
    ///
    /// # Errors
    /// [`Error::InvalidQuery`] for a vector of another dimension, with a NaN or an infinity, or of zeros.
    pub fn search(&self, query: &[f32], k: usize) -> Result<Vec<Neighbor>> {
        self.search_filtered(query, k, &|_| true)
    }

    /// As [`search`](Self::search), among the rows whose id `filter` accepts. The filter is asked only about rows
    /// close enough to matter. Where it accepts few rows, a scan replaces the walk over the graph, and what it
    /// accepts is found exactly.
    ///
    /// # Errors
    /// As [`search`](Self::search).
    pub fn search_filtered(
        &self,
        query: &[f32],
        k: usize,
        filter: &dyn Fn(u64) -> bool,
    ) -> Result<Vec<Neighbor>> {
        let unit = to_unit(query, self.dimension()).map_err(|reason| Error::InvalidQuery { reason })?;
        Ok(self.contents.search(&unit, k, filter))
    }

    /// Rows that can be found.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// True if nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in a vector.
    pub fn dimension(&self) -> usize {
        self.contents.rows.dimension()
    }

    /// Whether searches scan or walk a graph.
    pub fn kind(&self) -> IndexKind {
        self.contents.kind()
    }

    pub(crate) fn new(contents: Contents) -> Self {
        Self { contents: Arc::new(contents) }
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.contents
    }
}

impl fmt::Debug for Searcher {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Searcher")
            .field("len", &self.len())
            .field("dimension", &self.dimension())
            .field("kind", &self.kind())
            .finish()
    }
}
