//! Makes every node of a graph's lowest layer reachable. A node loses its incoming links when each neighbour finds
//! 2·m nearer ones; without this step it could never be found again.

use std::collections::VecDeque;

use crate::exact::scan;
use crate::quantize::QuantizedQuery;
use crate::rows::Rows;
use crate::shortlist::Shortlist;
use crate::slots::SlotSet;

/// Adds links until every one of `nodes` can be reached from `entry`.
pub(crate) fn connect(links: &mut [Vec<u32>], nodes: &[u32], entry: u32, rows: &Rows) {
    let mut reached = SlotSet::default();
    walk(links, entry, &mut reached);
    for &node in nodes {
        if reached.contains(node) {
            continue;
        }
        let known = links[node as usize].iter().copied().find(|&neighbour| reached.contains(neighbour));
        let host = known.or_else(|| nearest(rows, node, &reached)).unwrap_or(entry);
        links[host as usize].push(node);
        walk(links, node, &mut reached);
    }
}

/// Marks what can be reached from `start`.
fn walk(links: &[Vec<u32>], start: u32, reached: &mut SlotSet) {
    let mut waiting = VecDeque::from([start]);
    reached.insert(start);
    while let Some(node) = waiting.pop_front() {
        waiting.extend(links[node as usize].iter().filter(|&&neighbour| reached.insert(neighbour)));
    }
}

fn nearest(rows: &Rows, node: u32, reached: &SlotSet) -> Option<u32> {
    let query = QuantizedQuery::new(rows.values(node));
    let mut shortlist = Shortlist::new(1);
    scan(rows, 0..rows.len(), &query, &|slot| reached.contains(slot), &mut shortlist);
    shortlist.into_slots().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_cut_off_hangs_on_its_nearest() {
        let mut rows = Rows::new(2);
        for (id, angle) in [0.0_f32, 0.1, 0.2, 1.0, 1.1, 2.0].into_iter().enumerate() {
            rows.push(id as u64, &[angle.cos(), angle.sin()]);
        }
        // 3 and 4 form an island that leads back to 2, and 5 has no links at all.
        let mut links = vec![vec![1], vec![0, 2], vec![1], vec![4, 2], vec![3], vec![]];
        connect(&mut links, &[0, 1, 2, 3, 4, 5], 0, &rows);
        assert_eq!(links, [vec![1], vec![0, 2], vec![1, 3], vec![4, 2], vec![3, 5], vec![]]);
    }
}
