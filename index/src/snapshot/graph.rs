//! The graph section: number of nodes, entry node and number of upper layers, each a u64; the lowest layer's offsets
//! (u64, one more than nodes) and links (u32); then, for the twins and for each upper layer, the number of nodes that
//! have a list (u64), these nodes (u32), and their offsets and lists.

use std::borrow::Cow;

use bytemuck::Pod;

use crate::frozen::{FrozenGraph, Lists, SparseLists};

/// The section's bytes, in pieces.
pub(super) fn encode(graph: &FrozenGraph) -> Vec<Cow<'_, [u8]>> {
    let mut pieces = vec![number(graph.len()), number(graph.entry as usize), number(graph.upper.len())];
    encode_lists(&graph.base, &mut pieces);
    for sparse in std::iter::once(&graph.twins).chain(&graph.upper) {
        pieces.push(number(sparse.nodes.len()));
        pieces.push(bytemuck::cast_slice(&sparse.nodes).into());
        encode_lists(&sparse.lists, &mut pieces);
    }
    pieces
}

/// The graph in a section's bytes, checked to be safe to walk.
pub(super) fn decode(bytes: &[u8]) -> Result<FrozenGraph, String> {
    let mut cursor = Cursor { rest: bytes };
    let nodes = cursor.number()?;
    let entry = u32::try_from(cursor.number()?).map_err(|_| "its entry is no node".to_owned())?;
    let upper_layers = cursor.number()?;
    let base = cursor.lists(nodes)?;
    let twins = cursor.sparse_lists()?;
    let upper = (0..upper_layers).map(|_| cursor.sparse_lists()).collect::<Result<_, _>>()?;
    if !cursor.rest.is_empty() {
        return Err(format!("{} bytes follow its graph", cursor.rest.len()));
    }
    let graph = FrozenGraph { entry, base, upper, twins };
    graph.check()?;
    Ok(graph)
}

fn number(value: usize) -> Cow<'static, [u8]> {
    (value as u64).to_le_bytes().to_vec().into()
}

fn encode_lists<'a>(lists: &'a Lists, pieces: &mut Vec<Cow<'a, [u8]>>) {
    pieces.push(bytemuck::cast_slice(&lists.offsets).into());
    pieces.push(bytemuck::cast_slice(&lists.items).into());
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn number(&mut self) -> Result<usize, String> {
        let value: Vec<u64> = self.array(1)?;
        value
            .first()
            .and_then(|&value| usize::try_from(value).ok())
            .ok_or_else(|| "a count is too large".to_owned())
    }

    fn lists(&mut self, count: usize) -> Result<Lists, String> {
        let offsets: Vec<u64> = self.array(count.saturating_add(1))?;
        let items = offsets.last().and_then(|&end| usize::try_from(end).ok()).ok_or("a list is too long")?;
        Ok(Lists { offsets, items: self.array(items)? })
    }

    fn sparse_lists(&mut self) -> Result<SparseLists, String> {
        let count = self.number()?;
        Ok(SparseLists { nodes: self.array(count)?, lists: self.lists(count)? })
    }

    fn array<T: Pod>(&mut self, count: usize) -> Result<Vec<T>, String> {
        let bytes = count.checked_mul(size_of::<T>()).filter(|&bytes| bytes <= self.rest.len());
        let (taken, rest) = self.rest.split_at(bytes.ok_or("its graph is cut off")?);
        self.rest = rest;
        Ok(bytemuck::allocation::pod_collect_to_vec(taken))
    }
}
