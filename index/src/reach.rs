//! Makes every node of a graph's lowest layer reachable. A node loses its incoming links when each neighbour finds
//! 2·m nearer ones; without this step it could never be found again.

use std::collections::VecDeque;

use crate::exact::scan;
use crate::quantize::QuantizedQuery;
use crate::rows::Rows;
use crate::shortlist::Shortlist;
use crate::slots::SlotSet;

/// Adds links until every slot can be reached from `entry`; returns how many.
pub(crate) fn connect(links: &mut [Vec<u32>], entry: u32, rows: &Rows) -> usize {
    let mut reached = SlotSet::default();
    walk(links, entry, &mut reached);
    let mut added = 0;
    for node in 0..links.len() as u32 {
        if reached.contains(node) {
            continue;
        }
        let known = links[node as usize].iter().copied().find(|&neighbour| reached.contains(neighbour));
        let host = known.or_else(|| nearest(rows, node, &reached)).unwrap_or(entry);
        links[host as usize].push(node);
        walk(links, node, &mut reached);
        added += 1;
    }
    added
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
