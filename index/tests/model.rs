//! Random edits and searches, against a `BTreeMap` and brute force.

#![cfg(test)]

use std::collections::BTreeMap;

use index::{IndexParameters, IndexWriter, KindChoice, Neighbor, Searcher};
use proptest::prelude::*;

const DIMENSION: usize = 8;

/// Similarities of the crate and of the reference differ by rounding alone.
const TOLERANCE: f32 = 1e-5;

#[derive(Debug, Clone)]
enum Step {
    Upsert(u64, [f32; DIMENSION]),
    Remove(u64),
    Commit,
    Settle,
    Search { query: [f32; DIMENSION], k: usize, modulus: u64 },
}

/// Few distinct directions, so that replacements, equals and exact duplicates are common.
fn vector() -> impl Strategy<Value = [f32; DIMENSION]> {
    prop::array::uniform8((-3_i8..=3).prop_map(f32::from))
        .prop_filter("no direction", |vector| *vector != [0.0; 8])
}

fn step(ids: u64) -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..ids, vector()).prop_map(|(id, vector)| Step::Upsert(id, vector)),
        4 => (0..ids).prop_map(Step::Remove),
        2 => Just(Step::Commit),
        1 => Just(Step::Settle),
        4 => (vector(), 0..12_usize, 1..5_u64).prop_map(|(query, k, modulus)| Step::Search { query, k, modulus }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_scan_agrees_with_the_model(steps in prop::collection::vec(step(40), 1..250)) {
        let mut pair = Pair::new(KindChoice::Exact, 0);
        pair.run(&steps)?;
        prop_assert_eq!(pair.hits, pair.due);
    }

    #[test]
    fn a_graph_agrees_with_the_model(steps in prop::collection::vec(step(400), 100..400), seed: u64) {
        let mut pair = Pair::new(KindChoice::Graph, seed);
        for id in 0..300 {
            pair.apply(&Step::Upsert(id, spread(id)))?;
        }
        pair.apply(&Step::Settle)?;
        pair.run(&steps)?;
        prop_assert!(pair.hits as f32 >= 0.95 * pair.due as f32, "{} of {} found", pair.hits, pair.due);
    }
}

/// An index and what it should hold.
struct Pair {
    writer: IndexWriter,
    searcher: Searcher,
    edited: BTreeMap<u64, [f32; DIMENSION]>,
    committed: BTreeMap<u64, [f32; DIMENSION]>,
    /// Results as good as the reference's, and results due, over all searches.
    hits: usize,
    due: usize,
}

impl Pair {
    fn new(kind: KindChoice, seed: u64) -> Self {
        let parameters = IndexParameters {
            kind,
            seed,
            m: 8,
            ef_construction: 40,
            ef_search: 24,
            ..IndexParameters::default()
        };
        let writer = IndexWriter::new(DIMENSION, parameters).expect("parameters in range");
        let searcher = writer.searcher();
        Self { writer, searcher, edited: BTreeMap::new(), committed: BTreeMap::new(), hits: 0, due: 0 }
    }

    fn run(&mut self, steps: &[Step]) -> Result<(), TestCaseError> {
        steps.iter().try_for_each(|step| self.apply(step))
    }

    fn apply(&mut self, step: &Step) -> Result<(), TestCaseError> {
        match step {
            Step::Upsert(id, vector) => {
                self.writer.upsert(*id, vector).expect("a sound vector");
                self.edited.insert(*id, *vector);
            }
            Step::Remove(id) => {
                prop_assert_eq!(self.writer.remove(*id), self.edited.remove(id).is_some());
            }
            Step::Commit => {
                self.searcher = self.writer.commit().expect("a commit");
                self.committed.clone_from(&self.edited);
            }
            Step::Settle => {
                self.searcher = self.writer.wait_for_rebuild().expect("a rebuild");
                self.committed.clone_from(&self.edited);
            }
            Step::Search { query, k, modulus } => self.search(query, *k, *modulus)?,
        }
        prop_assert_eq!(self.writer.len(), self.edited.len());
        prop_assert_eq!(self.searcher.len(), self.committed.len());
        Ok(())
    }

    fn search(&mut self, query: &[f32; DIMENSION], k: usize, modulus: u64) -> Result<(), TestCaseError> {
        let accepts = |id: u64| id.is_multiple_of(modulus);
        let found = self.searcher.search_filtered(query, k, &accepts).expect("a sound query");
        let mut best: Vec<f32> = self
            .committed
            .iter()
            .filter(|(id, _)| accepts(**id))
            .map(|(_, row)| cosine(query, row))
            .collect();
        best.sort_by(|left, right| right.total_cmp(left));
        best.truncate(k);

        prop_assert_eq!(found.len(), best.len());
        for neighbor in &found {
            let row = self.committed.get(&neighbor.id).filter(|_| accepts(neighbor.id));
            let expected = row.map(|row| cosine(query, row));
            let close = expected.is_some_and(|expected| (expected - neighbor.similarity).abs() < TOLERANCE);
            prop_assert!(close, "{:?} is {:?}", neighbor, expected);
        }
        prop_assert!(found.is_sorted_by(in_order), "{:?}", found);
        self.due += best.len();
        self.hits += found
            .iter()
            .zip(&best)
            .filter(|(found, best)| (found.similarity - *best).abs() < TOLERANCE)
            .count();
        Ok(())
    }
}

/// Closest first, equals by id, no id twice.
fn in_order(left: &Neighbor, right: &Neighbor) -> bool {
    left.similarity > right.similarity || (left.similarity == right.similarity && left.id < right.id)
}

fn cosine(left: &[f32; DIMENSION], right: &[f32; DIMENSION]) -> f32 {
    let dot = |a: &[f32; DIMENSION], b: &[f32; DIMENSION]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt()
}

/// A direction for an id; different ones for most.
fn spread(id: u64) -> [f32; DIMENSION] {
    std::array::from_fn(|axis| (((id + 1) * (2 * axis as u64 + 3)) % 11) as f32 - 4.5)
}
