//! The walk over a frozen graph: a query to the best rows near it, by int8 score.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::dot::score_slots;
use crate::frozen::FrozenGraph;
use crate::quantize::QuantizedQuery;
use crate::rows::Rows;
use crate::slots::SlotSet;

/// What one search asks of a graph.
pub(crate) struct BeamSearch<'a> {
    pub(crate) graph: &'a FrozenGraph,
    /// The rows it was built from, or those with more appended.
    pub(crate) rows: &'a Rows,
    pub(crate) query: &'a QuantizedQuery,
    /// Nodes to keep.
    pub(crate) ef: usize,
    /// Rows scored before the walk is given up.
    pub(crate) budget: usize,
}

impl BeamSearch<'_> {
    /// The admitted slots of the best `ef` nodes that have any, in no order. Others are walked through but not kept.
    /// `None` when the budget ran out: then a scan is cheaper.
    pub(crate) fn run(&self, admits: &dyn Fn(u32) -> bool) -> Option<Vec<u32>> {
        let mut memory = MEMORY.take().unwrap_or_default();
        let found = self.walk(&mut memory, admits);
        MEMORY.set(Some(memory));
        found
    }

    fn walk(&self, memory: &mut Memory, admits: &dyn Fn(u32) -> bool) -> Option<Vec<u32>> {
        memory.reset(self.graph.len());
        let start = self.descend(memory);
        memory.visited.insert(start.slot());
        self.consider(start, memory, admits);
        let mut scored = 0;
        while let Some(node) = memory.waiting.pop() {
            if memory.rules_out(node, self.ef) {
                break;
            }
            let visited = &mut memory.visited;
            let neighbours = self.graph.base.get(node.slot()).iter();
            memory.batch.clear();
            memory.batch.extend(neighbours.filter(|&&neighbour| visited.insert(neighbour)));
            scored += memory.batch.len();
            if scored > self.budget {
                return None;
            }
            self.score_batch(memory);
            for position in 0..memory.batch.len() {
                let scored = Scored::new(memory.scores[position], memory.batch[position]);
                self.consider(scored, memory, admits);
            }
        }
        let kept = memory.kept.drain().flat_map(|Reverse(node)| self.slots(node));
        Some(kept.filter(|&slot| admits(slot)).collect())
    }

    /// Greedy descent through the upper layers to a good start in the lowest.
    fn descend(&self, memory: &mut Memory) -> Scored {
        memory.batch.clear();
        memory.batch.push(self.graph.entry);
        self.score_batch(memory);
        let mut best = Scored::new(memory.scores[0], self.graph.entry);
        for layer in self.graph.upper.iter().rev() {
            loop {
                memory.batch.clear();
                memory.batch.extend_from_slice(layer.get(best.slot()));
                self.score_batch(memory);
                let scored = memory.batch.iter().zip(&memory.scores);
                match scored.map(|(&slot, &score)| Scored::new(score, slot)).max() {
                    Some(nearer) if nearer > best => best = nearer,
                    _ => break,
                }
            }
        }
        best
    }

    fn consider(&self, scored: Scored, memory: &mut Memory, admits: &dyn Fn(u32) -> bool) {
        if memory.rules_out(scored, self.ef) {
            return;
        }
        memory.waiting.push(scored);
        if self.slots(scored).any(admits) {
            memory.kept.push(Reverse(scored));
            if memory.kept.len() > self.ef {
                memory.kept.pop();
            }
        }
    }

    /// A node's slot and its twins'.
    fn slots(&self, node: Scored) -> impl Iterator<Item = u32> {
        std::iter::once(node.slot()).chain(self.graph.twins.get(node.slot()).iter().copied())
    }

    fn score_batch(&self, memory: &mut Memory) {
        memory.scores.clear();
        score_slots(self.rows, &memory.batch, &self.query.weights, &mut memory.scores);
    }
}

thread_local! {
    /// Taken for the length of a search; a filter that itself searches finds none and makes its own.
    static MEMORY: Cell<Option<Box<Memory>>> = const { Cell::new(None) };
}

/// What a walk remembers, kept from one search of a thread to its next for its allocations.
#[derive(Default)]
struct Memory {
    visited: SlotSet,
    /// Scored but not yet followed, best first.
    waiting: BinaryHeap<Scored>,
    /// The admitted best, worst first.
    kept: BinaryHeap<Reverse<Scored>>,
    batch: Vec<u32>,
    scores: Vec<f32>,
}

impl Memory {
    fn reset(&mut self, nodes: usize) {
        self.visited.reset(nodes);
        self.waiting.clear();
        self.kept.clear();
    }

    /// True if `ef` rows are kept and each is better.
    fn rules_out(&self, scored: Scored, ef: usize) -> bool {
        self.kept.len() >= ef && self.kept.peek().is_some_and(|Reverse(worst)| scored < *worst)
    }
}

/// A score and a slot in one integer that orders as they do: greater score first, then smaller slot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Scored(u64);

impl Scored {
    #[inline]
    fn new(score: f32, slot: u32) -> Self {
        let bits = score.to_bits();
        // The bits of floats of one sign order as integers; flipping moves the negative ones below the positive.
        let ordered = if bits >> 31 == 0 { bits | 1 << 31 } else { !bits };
        Self(u64::from(ordered) << 32 | u64::from(!slot))
    }

    #[inline]
    fn slot(self) -> u32 {
        !(self.0 as u32)
    }
}
