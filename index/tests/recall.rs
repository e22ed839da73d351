//! How much of the truth is found, on clustered vectors of a fixed seed at the default parameters. The truth is a plain
//! f32 scan written here.

#![cfg(test)]

#[path = "recipe/mod.rs"]
mod recipe;

use std::sync::LazyLock;

use index::{IndexKind, IndexParameters, IndexWriter, KindChoice, Searcher};
use recipe::Recipe;

const DIMENSION: usize = 64;
const ROWS: usize = 10_000;
const K: usize = 10;

struct World {
    rows: Vec<Vec<f32>>,
    queries: Vec<Vec<f32>>,
    graph: Searcher,
}

/// Built once for all tests of this file.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut recipe = Recipe::new(DIMENSION, 300, 11);
    let rows = recipe.draw(ROWS);
    let queries = recipe.draw(200);
    let graph = build(KindChoice::Graph, &rows, 0).wait_for_rebuild().expect("a graph");
    World { rows, queries, graph }
});

fn build(kind: KindChoice, rows: &[Vec<f32>], seed: u64) -> IndexWriter {
    let parameters = IndexParameters { kind, seed, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(DIMENSION, parameters).expect("parameters in range");
    for (id, row) in (0..).zip(rows) {
        writer.upsert(id, row).expect("a sound vector");
    }
    writer
}

/// The `K` nearest of the rows whose id is accepted.
fn truth(rows: &[Vec<f32>], query: &[f32], accepts: impl Fn(u64) -> bool) -> Vec<u64> {
    let dot = |row: &[f32]| row.iter().zip(query).map(|(a, b)| a * b).sum::<f32>();
    let mut scored: Vec<(f32, u64)> =
        (0..).zip(rows).filter(|(id, _)| accepts(*id)).map(|(id, row)| (dot(row), id)).collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    scored.into_iter().take(K).map(|(_, id)| id).collect()
}

fn ids(searcher: &Searcher, query: &[f32], filter: &dyn Fn(u64) -> bool) -> Vec<u64> {
    let found = searcher.search_filtered(query, K, filter).expect("a sound query");
    found.into_iter().map(|neighbor| neighbor.id).collect()
}

fn recall(
    searcher: &Searcher,
    rows: &[Vec<f32>],
    queries: &[Vec<f32>],
    accepts: &dyn Fn(u64) -> bool,
) -> f64 {
    let (mut hits, mut due) = (0, 0);
    for query in queries {
        let found = ids(searcher, query, accepts);
        let truth = truth(rows, query, accepts);
        hits += truth.iter().filter(|id| found.contains(id)).count();
        due += truth.len();
    }
    f64::from(hits as u32) / f64::from(due as u32)
}

#[test]
fn a_graph_finds_99_of_100() {
    let World { rows, queries, graph } = &*WORLD;
    assert_eq!(graph.kind(), IndexKind::Graph);
    let recall = recall(graph, rows, queries, &|_| true);
    assert!(recall >= 0.99, "recall@{K} is {recall}");
}

#[test]
fn a_scan_finds_what_f32_finds() {
    let World { rows, queries, .. } = &*WORLD;
    let searcher = build(KindChoice::Exact, rows, 0).commit().unwrap();
    assert_eq!(searcher.kind(), IndexKind::Exact);
    for query in queries {
        assert_eq!(ids(&searcher, query, &|_| true), truth(rows, query, |_| true));
    }
}

#[test]
fn a_filtered_graph_finds_99_of_100() {
    let World { rows, queries, graph } = &*WORLD;
    for (accepted, of) in [(19, 20), (3, 4), (1, 2), (1, 10), (1, 100)] {
        let recall = recall(graph, rows, queries, &|id| id % of < accepted);
        assert!(recall >= 0.99, "recall@{K} among {accepted} in {of} is {recall}");
    }
}

#[test]
fn a_filter_that_accepts_almost_nothing_is_searched_exactly() {
    let World { rows, queries, graph } = &*WORLD;
    for query in queries.iter().take(50) {
        let few = |id: u64| id.is_multiple_of(1250);
        assert_eq!(ids(graph, query, &few), truth(rows, query, few));
        assert_eq!(ids(graph, query, &|_| false), []);
    }
}

#[test]
fn recall_survives_edits_before_and_after_the_rebuild() {
    let mut recipe = Recipe::new(DIMENSION, 100, 5);
    let mut rows = recipe.draw(3_000);
    let queries = recipe.draw(100);
    let mut writer = build(KindChoice::Graph, &rows, 0);
    writer.wait_for_rebuild().unwrap();
    let removed = |id: u64| id.is_multiple_of(10);
    (0..3_000).filter(|&id| removed(id)).for_each(|id| assert!(writer.remove(id)));
    for id in (0..3_000).filter(|id| id % 25 == 1) {
        rows[id] = recipe.draw(1).remove(0);
        writer.upsert(id as u64, &rows[id]).unwrap();
    }
    let edited = writer.commit().unwrap();
    for searcher in [edited, writer.wait_for_rebuild().unwrap()] {
        assert_eq!(searcher.len(), 2_700);
        let mut all = searcher.search(&queries[0], 3_000).unwrap();
        all.sort_by_key(|neighbor| neighbor.id);
        let live: Vec<u64> = (0..3_000).filter(|&id| !removed(id)).collect();
        assert_eq!(all.iter().map(|neighbor| neighbor.id).collect::<Vec<_>>(), live);
        let found: f64 = queries
            .iter()
            .map(|query| {
                let found = ids(&searcher, query, &|_| true);
                truth(&rows, query, |id| !removed(id)).iter().filter(|id| found.contains(id)).count() as f64
            })
            .sum();
        assert!(found >= 0.99 * (K * queries.len()) as f64, "{found} found");
    }
}

/// Phrasings that normalise to the same text have the same vector; a plain HNSW graph loses what lies around them.
#[test]
fn many_equal_rows_hide_nothing() {
    let mut recipe = Recipe::new(DIMENSION, 20, 3);
    let mut rows = recipe.draw(1_000);
    for original in 0..5 {
        rows.extend(std::iter::repeat_n(rows[original].clone(), 150));
    }
    let searcher = build(KindChoice::Graph, &rows, 0).wait_for_rebuild().unwrap();
    for original in &rows[..5] {
        let found = searcher.search(original, 200).unwrap();
        let equal = found.iter().filter(|neighbor| neighbor.similarity > 0.999_999).count();
        assert_eq!((found.len(), equal), (200, 151));
    }
    // Rows at the same distance are as good as one another, so similarities are compared, not ids.
    let exact = build(KindChoice::Exact, &rows, 0).commit().unwrap();
    for query in recipe.draw(100) {
        let by_graph = searcher.search(&query, K).unwrap();
        let by_scan = exact.search(&query, K).unwrap();
        for (graph, scan) in by_graph.iter().zip(&by_scan) {
            assert!((graph.similarity - scan.similarity).abs() < 1e-3, "{by_graph:?} {by_scan:?}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_graph() {
    let World { rows, queries, .. } = &*WORLD;
    let rows = &rows[..1_500];
    let narrow = |seed| {
        let parameters = IndexParameters {
            kind: KindChoice::Graph,
            seed,
            m: 4,
            ef_search: 10,
            ..IndexParameters::default()
        };
        let mut writer = IndexWriter::new(DIMENSION, parameters).unwrap();
        (0..).zip(rows).for_each(|(id, row)| writer.upsert(id, row).unwrap());
        let searcher = writer.wait_for_rebuild().unwrap();
        queries.iter().map(|query| searcher.search(query, K).unwrap()).collect::<Vec<_>>()
    };
    let first = narrow(1);
    assert_eq!(first, narrow(1));
    // A narrow beam misses rows, and another graph misses others: the seed matters.
    assert_ne!(first, narrow(2));
}
