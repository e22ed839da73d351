//! Rows to layered neighbour lists, by hnsw_rs. The only file that names it.
//!
//! What hnsw_rs does to its caller is kept in here: it ends the process when `m` is above 256 (the parameters
//! are checked before), and it panics on NaN and on an inner product above 1 (the distance below gives neither). Its
//! level generator has a fixed seed, so rows inserted by one thread in one order always give the same graph.

use std::sync::atomic::{AtomicBool, Ordering};

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;

use crate::dot::dot_codes;
use crate::parameters::IndexParameters;
use crate::rows::Rows;

/// A graph as neighbour lists.
pub(crate) struct Layers {
    /// Where a search starts: a node of the topmost layer.
    pub(crate) entry: u32,
    /// Lowest first; each has `(node, neighbours nearest first)` for every node that reaches up to it.
    pub(crate) layers: Vec<Vec<(u32, Vec<u32>)>>,
}

/// Builds a graph over the given slots of `rows` on the calling thread, inserting them in the order given.
/// `None` if there are none, or if `cancelled` was set meanwhile.
pub(crate) fn build(
    rows: &Rows,
    nodes: &[u32],
    parameters: &IndexParameters,
    cancelled: &AtomicBool,
) -> Option<Layers> {
    let distance = CodeDistance { rows: rows.clone() };
    let graph = Hnsw::new(parameters.m, nodes.len(), MAX_LAYERS, parameters.ef_construction, distance);
    for &slot in nodes {
        if cancelled.load(Ordering::Relaxed) {
            return None;
        }
        graph.insert_slice((&[slot], slot as usize));
    }
    if nodes.is_empty() { None } else { Some(extract(&graph)) }
}

/// The most hnsw_rs allows.
const MAX_LAYERS: usize = 16;

/// hnsw_rs stores a slot instead of a vector, and the distance looks the codes up: no second copy of the rows.
struct CodeDistance {
    rows: Rows,
}

impl Distance<u32> for CodeDistance {
    fn eval(&self, left: &[u32], right: &[u32]) -> f32 {
        let (Some(&left), Some(&right)) = (left.first(), right.first()) else { return 0.0 };
        let product = dot_codes(self.rows.codes(left), self.rows.codes(right)) as f32;
        // hnsw_rs asserts that a distance is not negative; rounding can make a product exceed 1.
        (1.0 - product * self.rows.scale(left) * self.rows.scale(right)).max(0.0)
    }
}

fn extract(graph: &Hnsw<'_, u32, CodeDistance>) -> Layers {
    let top = graph.get_max_level_observed();
    let mut layers = vec![Vec::new(); usize::from(top) + 1];
    let mut entry = 0;
    for level in 0..=top {
        for (position, point) in
            graph.get_point_indexation().get_layer_iterator(usize::from(level)).enumerate()
        {
            let node = point.get_origin_id() as u32;
            if level == top && position == 0 {
                entry = node;
            }
            let neighbours = point.get_neighborhood_id().into_iter();
            for (layer, neighbours) in (0..=level).zip(neighbours) {
                // While the graph grows a layer, hnsw_rs links nodes of it to some that do not reach it.
                let reaching = neighbours.iter().filter(|neighbour| neighbour.p_id.0 >= layer);
                let links = reaching.map(|neighbour| neighbour.d_id as u32).collect();
                layers[usize::from(layer)].push((node, links));
            }
        }
    }
    Layers { entry, layers }
}
