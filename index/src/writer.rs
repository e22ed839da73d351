//! The only thing that changes an index. Edits enter its own copy of the contents; `commit` publishes a clone.
//!
//! Edits never touch a graph: a new vector is a row after those the graph covers, a removed or replaced one stays
//! where it is and is marked. When the two have grown to `rebuild_share` of the live rows a background thread builds
//! anew from the published picture, and a later commit takes the result in, repeating the edits made meanwhile.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::parameters::{IndexParameters, validate_dimension};
use crate::rebuild::{Rebuild, Rebuilt};
use crate::rows::Rows;
use crate::searcher::Searcher;
use crate::vector::to_unit;

/// Takes edits and publishes them as [`Searcher`]s.
pub struct IndexWriter {
    contents: Contents,
    /// From the id of a live row to its slot.
    slots: HashMap<u64, u32>,
    published: Searcher,
    rebuild: Option<Rebuild>,
}

impl IndexWriter {
    /// An empty index of vectors with `dimension` values, 1 to 8,192.
    ///
    /// # Errors
    /// [`Error::InvalidParameter`] for a dimension or a parameter out of range.
    pub fn new(dimension: usize, parameters: IndexParameters) -> Result<Self> {
        validate_dimension(dimension)?;
        parameters.validate()?;
        Ok(Self::from_contents(Contents::new(parameters, Rows::new(dimension)), HashMap::new()))
    }

    /// Stores a vector under an id, in place of the one stored before. It need not be of unit length: only its
    /// direction is kept.
    ///
    /// # Errors
    /// [`Error::InvalidVector`] for a vector of another dimension, with a NaN or an infinity, or of zeros;
    /// [`Error::Full`] at 2³² rows. The index is then unchanged.
    pub fn upsert(&mut self, id: u64, vector: &[f32]) -> Result<()> {
        let unit = to_unit(vector, self.contents.rows.dimension())
            .map_err(|reason| Error::InvalidVector { id, reason })?;
        if self.vector(id).is_some_and(|stored| stored == unit) {
            return Ok(());
        }
        let rows = self.contents.rows.len();
        let slot = u32::try_from(rows).map_err(|_| Error::Full { rows })?;
        self.contents.rows.push(id, &unit);
        self.retire(id);
        self.slots.insert(id, slot);
        Ok(())
    }

    /// Forgets an id; false if nothing is stored under it.
    pub fn remove(&mut self, id: u64) -> bool {
        self.retire(id)
    }

    /// Publishes every edit so far. Takes in a rebuild that has finished and starts one that is due, but never
    /// waits for one.
    ///
    /// # Errors
    /// [`Error::Rebuild`] if a rebuild failed. The edits are published all the same:
    /// [`searcher`](Self::searcher) has them, and the next commit tries the rebuild again.
    pub fn commit(&mut self) -> Result<Searcher> {
        let adopted = match self.rebuild.take_if(|rebuild| rebuild.is_finished()) {
            Some(rebuild) => self.adopt(rebuild),
            None => Ok(()),
        };
        self.published = Searcher::new(self.contents.clone());
        adopted?;
        if self.rebuild.is_none() && self.rebuild_is_due() {
            self.rebuild = Some(Rebuild::start(self.published.clone())?);
        }
        Ok(self.published.clone())
    }

    /// Commits, and waits until no rebuild is running or due: what the returned searcher has is as fast to search
    /// as it gets. For a bulk load, a shutdown or a test.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn wait_for_rebuild(&mut self) -> Result<Searcher> {
        self.commit()?;
        while let Some(rebuild) = self.rebuild.take() {
            let adopted = self.adopt(rebuild);
            self.published = Searcher::new(self.contents.clone());
            adopted?;
            self.commit()?;
        }
        Ok(self.searcher())
    }

    /// The picture published last; empty before the first commit.
    pub fn searcher(&self) -> Searcher {
        self.published.clone()
    }

    /// The unit vector stored under an id, committed or not.
    pub fn vector(&self, id: u64) -> Option<&[f32]> {
        self.slots.get(&id).map(|&slot| self.contents.rows.values(slot))
    }

    /// Ids stored, edits not yet committed included.
    pub fn len(&self) -> usize {
        self.contents.len()
    }

    /// True if no id is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Values in a vector.
    pub fn dimension(&self) -> usize {
        self.contents.rows.dimension()
    }

    /// The parameters it was made or loaded with.
    pub fn parameters(&self) -> &IndexParameters {
        &self.contents.parameters
    }

    /// `slots` leads from the id of each live row to its slot.
    pub(crate) fn from_contents(contents: Contents, slots: HashMap<u64, u32>) -> Self {
        Self { published: Searcher::new(contents.clone()), contents, slots, rebuild: None }
    }

    /// Marks the row of an id as removed; false if there is none.
    fn retire(&mut self, id: u64) -> bool {
        if let Some(rebuild) = &mut self.rebuild {
            rebuild.touch(id);
        }
        let slot = self.slots.remove(&id);
        slot.is_some_and(|slot| Arc::make_mut(&mut self.contents.removed).insert(slot))
    }

    fn rebuild_is_due(&self) -> bool {
        let contents = &self.contents;
        if contents.wants_graph() && contents.graph.is_none() {
            return true;
        }
        let stale = if contents.wants_graph() {
            let indexed = contents.indexed();
            contents.rows.len() - indexed + contents.removed.count_below(indexed)
        } else {
            contents.removed.len()
        };
        stale >= WORTH_A_REBUILD && stale as f32 > contents.parameters.rebuild_share * contents.len() as f32
    }

    /// Takes a finished rebuild's rows and graph, and repeats the edits made since it started.
    fn adopt(&mut self, rebuild: Rebuild) -> Result<()> {
        let (Rebuilt { mut contents, mut slots }, touched) = rebuild.finish()?;
        for id in touched {
            if let Some(slot) = slots.remove(&id) {
                Arc::make_mut(&mut contents.removed).insert(slot);
            }
            if let Some(unit) = self.vector(id) {
                slots.insert(id, contents.rows.len() as u32);
                contents.rows.push(id, unit);
            }
        }
        self.contents = contents;
        self.slots = slots;
        tracing::info!(rows = self.len(), kind = ?self.contents.kind(), "the index was rebuilt");
        Ok(())
    }
}

/// Fewer stale rows than this cost a search less than a microsecond.
const WORTH_A_REBUILD: usize = 64;

impl fmt::Debug for IndexWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("IndexWriter")
            .field("len", &self.len())
            .field("published", &self.published)
            .field("rebuilding", &self.rebuild.is_some())
            .finish()
    }
}
