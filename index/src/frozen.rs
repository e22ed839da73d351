//! A finished graph in flat arrays: immutable, shared without locks, written to disk as it lies in memory.
//! `rebuild` makes one, `beam` walks it, `snapshot` stores it.
//!
//! Node numbers are slots of the rows it was built from. Rows with equal codes are twins: only the first of
//! them is a node of the graph, which remembers the others.

use std::collections::HashMap;
use std::sync::atomic::AtomicBool;

use crate::dot::Codes;
use crate::hnsw::{self, Layers};
use crate::parameters::IndexParameters;
use crate::reach::connect;
use crate::rows::Rows;

/// A graph over the slots below [`len`](Self::len).
#[derive(Debug, PartialEq)]
pub(crate) struct FrozenGraph {
    /// A node of the topmost layer.
    pub(crate) entry: u32,
    /// The lowest layer: one list for each slot, empty for those that are no nodes.
    pub(crate) base: Lists,
    /// The layers above it, lowest first.
    pub(crate) upper: Vec<SparseLists>,
    /// From a node to the further slots of its row.
    pub(crate) twins: SparseLists,
}

/// Lists that few nodes have.
#[derive(Debug, PartialEq)]
pub(crate) struct SparseLists {
    /// Ascending.
    pub(crate) nodes: Vec<u32>,
    /// One list for each of `nodes`.
    pub(crate) lists: Lists,
}

/// Lists of slots, one after the other in one array.
#[derive(Debug, PartialEq)]
pub(crate) struct Lists {
    /// List `i` is `items[offsets[i]..offsets[i + 1]]`; one more than there are lists.
    pub(crate) offsets: Vec<u64>,
    pub(crate) items: Vec<u32>,
}

impl FrozenGraph {
    /// Builds a graph over all of `rows`, on the calling thread. `None` if there are no rows, or if `cancelled` was
    /// set meanwhile.
    pub(crate) fn build(rows: &Rows, parameters: &IndexParameters, cancelled: &AtomicBool) -> Option<Self> {
        let Twins { first, others } = Twins::of(rows);
        let mut order = first.clone();
        shuffle(&mut order, parameters.seed);
        let Layers { entry, layers } = hnsw::build(rows, &order, parameters, cancelled)?;
        let mut layers = layers.into_iter();
        let mut base = vec![Vec::new(); rows.len()];
        for (node, links) in layers.next()? {
            base[node as usize] = links;
        }
        connect(&mut base, &first, entry, rows);
        let upper = layers.map(SparseLists::new).collect();
        let twins = SparseLists::new(others.into_iter().collect());
        Some(Self { entry, base: Lists::new(&base), upper, twins })
    }

    /// Slots covered.
    pub(crate) fn len(&self) -> usize {
        self.base.len()
    }

    /// Checks what `beam` relies on, for a graph that comes from a file.
    pub(crate) fn check(&self) -> Result<(), String> {
        let len = self.len();
        if self.entry as usize >= len {
            return Err(format!("its entry is node {}, it has {len} nodes", self.entry));
        }
        self.base.check(len)?;
        self.twins.check(len)?;
        self.upper.iter().try_for_each(|layer| layer.check(len))
    }
}

impl SparseLists {
    fn new(mut entries: Vec<(u32, Vec<u32>)>) -> Self {
        entries.sort_unstable_by_key(|(node, _)| *node);
        let (nodes, lists): (Vec<u32>, Vec<Vec<u32>>) = entries.into_iter().unzip();
        Self { nodes, lists: Lists::new(&lists) }
    }

    /// A node's list; empty if it has none.
    pub(crate) fn get(&self, node: u32) -> &[u32] {
        self.nodes.binary_search(&node).map_or(&[], |position| self.lists.get(position as u32))
    }

    fn check(&self, slots: usize) -> Result<(), String> {
        if self.lists.len() != self.nodes.len() || !self.nodes.is_sorted() {
            return Err("its nodes and their lists do not match".to_owned());
        }
        self.lists.check(slots)
    }
}

impl Lists {
    fn new(lists: &[Vec<u32>]) -> Self {
        let mut offsets = vec![0];
        offsets.extend(lists.iter().scan(0, |end, list| {
            *end += list.len() as u64;
            Some(*end)
        }));
        Self { offsets, items: lists.concat() }
    }

    #[inline]
    pub(crate) fn get(&self, list: u32) -> &[u32] {
        let list = list as usize;
        &self.items[self.offsets[list] as usize..self.offsets[list + 1] as usize]
    }

    fn len(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    fn check(&self, slots: usize) -> Result<(), String> {
        let ends = (self.offsets.first(), self.offsets.last());
        if ends != (Some(&0), Some(&(self.items.len() as u64))) || !self.offsets.is_sorted() {
            return Err("its lists do not follow one another".to_owned());
        }
        match self.items.iter().find(|&&item| item as usize >= slots) {
            Some(item) => Err(format!("a link leads to node {item}, it has {slots} nodes")),
            None => Ok(()),
        }
    }
}

/// Rows with equal codes. As nodes of their own they would spoil a graph: hnsw_rs keeps the nearest links of a node, so
/// among more than 2·m twins every link would lead to a twin, and `ef` twins would fill a search's beam.
struct Twins {
    /// The first slot of each distinct row, ascending.
    first: Vec<u32>,
    /// From a first slot to the further slots of the same row.
    others: HashMap<u32, Vec<u32>>,
}

impl Twins {
    fn of(rows: &Rows) -> Self {
        let mut seen: HashMap<&[Codes], u32> = HashMap::with_capacity(rows.len());
        let mut twins = Self { first: Vec::with_capacity(rows.len()), others: HashMap::new() };
        for slot in 0..rows.len() as u32 {
            let first = *seen.entry(rows.codes(slot)).or_insert(slot);
            if first == slot {
                twins.first.push(slot);
            } else {
                twins.others.entry(first).or_default().push(slot);
            }
        }
        twins
    }
}

/// Fisher and Yates, with SplitMix64 (Steele, Lea, Flood 2014) as the source of chance. Neighbours tend to be
/// inserted one after the other, and a graph grown in such an order finds less.
fn shuffle(slots: &mut [u32], seed: u64) {
    let mut state = seed;
    for last in (1..slots.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        slots.swap(last, (mixed % (last as u64 + 1)) as usize);
    }
}
