//! What an index holds at one moment: rows, which of them are removed, and perhaps a graph over the first of them.
//! The writer edits its own copy and publishes clones of it; a clone shares the rows and the graph.

use std::ops::Range;
use std::sync::Arc;

use crate::beam::BeamSearch;
use crate::exact::{oversampled, rescore, scan};
use crate::frozen::FrozenGraph;
use crate::parameters::{IndexKind, IndexParameters, KindChoice};
use crate::quantize::QuantizedQuery;
use crate::rows::Rows;
use crate::searcher::Neighbor;
use crate::shortlist::Shortlist;
use crate::slots::SlotSet;

#[derive(Clone)]
pub(crate) struct Contents {
    pub(crate) parameters: IndexParameters,
    pub(crate) rows: Rows,
    pub(crate) removed: Arc<SlotSet>,
    /// Covers the first slots; the rows after them are scanned.
    pub(crate) graph: Option<Arc<FrozenGraph>>,
}

impl Contents {
    pub(crate) fn new(parameters: IndexParameters, rows: Rows) -> Self {
        Self { parameters, rows, removed: Arc::default(), graph: None }
    }

    /// Live rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() - self.removed.len()
    }

    pub(crate) fn kind(&self) -> IndexKind {
        if self.graph.is_some() { IndexKind::Graph } else { IndexKind::Exact }
    }

    /// Whether this many live rows should have a graph.
    pub(crate) fn wants_graph(&self) -> bool {
        match self.parameters.kind {
            KindChoice::Auto => self.len() > self.parameters.graph_above,
            KindChoice::Exact => false,
            KindChoice::Graph => self.len() > 0,
        }
    }

    /// Slots the graph covers, 0 without one.
    pub(crate) fn indexed(&self) -> usize {
        self.graph.as_ref().map_or(0, |graph| graph.len())
    }

    /// The best `k` live rows whose id `filter` accepts. `unit` is a unit vector of the rows' dimension.
    pub(crate) fn search(&self, unit: &[f32], k: usize, filter: &dyn Fn(u64) -> bool) -> Vec<Neighbor> {
        let k = k.min(self.len());
        if k == 0 {
            return Vec::new();
        }
        let query = QuantizedQuery::new(unit);
        let admits = |slot| !self.removed.contains(slot) && filter(self.rows.id(slot));
        let mut slots = self.graph.as_ref().and_then(|graph| self.walk(graph, &query, k, &admits));
        if let Some(slots) = &mut slots {
            slots.extend(self.scanned(self.indexed()..self.rows.len(), &query, k, &admits));
        }
        let slots = match slots.filter(|slots| slots.len() >= k) {
            Some(slots) => slots,
            None => self.scanned(0..self.rows.len(), &query, k, &admits),
        };
        rescore(&self.rows, slots.into_iter(), unit, k)
    }

    fn walk(
        &self,
        graph: &FrozenGraph,
        query: &QuantizedQuery,
        k: usize,
        admits: &dyn Fn(u32) -> bool,
    ) -> Option<Vec<u32>> {
        let ef = self.parameters.ef_search.max(k.saturating_mul(2));
        let budget = (graph.len() / SCAN_ADVANTAGE).max(BUDGET_PER_EF.saturating_mul(ef));
        BeamSearch { graph, rows: &self.rows, query, ef, budget }.run(admits)
    }

    fn scanned(
        &self,
        slots: Range<usize>,
        query: &QuantizedQuery,
        k: usize,
        admits: &dyn Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut shortlist = Shortlist::new(oversampled(k));
        scan(&self.rows, slots, query, admits, &mut shortlist);
        shortlist.into_slots().collect()
    }
}

/// A walk spends as long on a row it scores as a scan on about this many: 75 ns to 15 ns at 384 dimensions.
const SCAN_ADVANTAGE: usize = 5;

/// Rows a walk may score for each it keeps, however small the graph. Without a filter it scores about 20.
const BUDGET_PER_EF: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frozen::{Lists, SparseLists};

    /// The walk starts where a loaded graph says; what it cannot reach from there is found all the same.
    #[test]
    fn a_walk_that_finds_too_few_is_followed_by_a_scan() {
        let mut rows = Rows::new(2);
        [[1.0, 0.0], [0.0, 1.0], [0.6, 0.8]].iter().zip(0..).for_each(|(row, id)| rows.push(id, row));
        let none = || SparseLists { nodes: Vec::new(), lists: Lists { offsets: vec![0], items: Vec::new() } };
        let base = Lists { offsets: vec![0; 4], items: Vec::new() };
        let graph = FrozenGraph { entry: 0, base, upper: Vec::new(), twins: none() };
        let contents =
            Contents { graph: Some(graph.into()), ..Contents::new(IndexParameters::default(), rows) };
        let ids =
            |k| contents.search(&[0.0, 1.0], k, &|_| true).iter().map(|found| found.id).collect::<Vec<_>>();
        assert_eq!(ids(1), [0]);
        assert_eq!(ids(2), [1, 2]);
    }
}
