//! Nearest neighbours, one thread: the crate's scan and graph beside a plain f32 scan and hnsw_rs's own search, on the
//! same vectors in the same run. Times of different runs are not comparable on a shared machine; the ratios of one are.
//!
//! `cargo bench -p index -- 1000 10000` chooses the sizes; a name such as `graph` chooses the methods.

use std::error::Error;
use std::io::{Write, stdout};
use std::time::{Duration, Instant};

use hnsw_rs::anndists::dist::distances::Distance;
use hnsw_rs::hnsw::Hnsw;
use index::{IndexParameters, IndexWriter, KindChoice, Searcher};
use pulp::{Arch, NullaryFnOnce};

#[path = "../tests/recipe/mod.rs"]
mod recipe;

const DIMENSION: usize = 384;
const CLUSTERS: usize = 1000;
const QUERIES: usize = 500;
const K: usize = 10;
const DEFAULT_SIZES: [usize; 3] = [1_000, 10_000, 30_000];
const METHODS: [&str; 4] = ["scan-f32", "scan-int8", "graph", "hnsw_rs"];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut sizes: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = DEFAULT_SIZES.to_vec();
    }
    let named = |method: &&&str| arguments.iter().any(|argument| argument == *method);
    let mut methods: Vec<&str> = METHODS.iter().filter(named).copied().collect();
    if methods.is_empty() {
        methods = METHODS.to_vec();
    }
    writeln!(stdout(), "{DIMENSION} dimensions, {QUERIES} queries, k = {K}, one thread")?;
    writeln!(stdout(), "   rows  method      build s    p50 µs    p99 µs  queries/s  recall@{K}")?;
    for size in sizes {
        compare(size, &methods)?;
    }
    Ok(())
}

/// A way to find the ids of the `K` nearest.
type Search = Box<dyn Fn(&[f32]) -> Vec<u64>>;

fn compare(size: usize, methods: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut recipe = recipe::Recipe::new(DIMENSION, CLUSTERS, 7);
    let rows = recipe.draw(size);
    let queries = recipe.draw(QUERIES);
    let flat = FlatScan { rows: rows.concat() };
    let truth: Vec<Vec<u64>> = queries.iter().map(|query| flat.search(query)).collect();
    for &method in methods {
        let start = Instant::now();
        let search = prepare(method, &rows)?;
        report(size, method, start.elapsed(), &search, &queries, &truth)?;
    }
    Ok(())
}

fn prepare(method: &str, rows: &[Vec<f32>]) -> Result<Search, Box<dyn Error>> {
    Ok(match method {
        "scan-f32" => {
            let flat = FlatScan { rows: rows.concat() };
            Box::new(move |query| flat.search(query))
        }
        "scan-int8" => ours(KindChoice::Exact, rows)?,
        "graph" => ours(KindChoice::Graph, rows)?,
        _ => hnsw_rs_alone(rows),
    })
}

fn ours(kind: KindChoice, rows: &[Vec<f32>]) -> Result<Search, Box<dyn Error>> {
    let mut writer = IndexWriter::new(DIMENSION, IndexParameters { kind, ..IndexParameters::default() })?;
    for (id, row) in (0..).zip(rows) {
        writer.upsert(id, row)?;
    }
    let searcher: Searcher = writer.wait_for_rebuild()?;
    Ok(Box::new(move |query| {
        let found = searcher.search(query, K).unwrap_or_default();
        found.into_iter().map(|neighbor| neighbor.id).collect()
    }))
}

fn hnsw_rs_alone(rows: &[Vec<f32>]) -> Search {
    let IndexParameters { m, ef_construction, ef_search, .. } = IndexParameters::default();
    let graph = Hnsw::new(m, rows.len(), 16, ef_construction, VectorisedDistance { arch: Arch::new() });
    for (id, row) in rows.iter().enumerate() {
        graph.insert_slice((row, id));
    }
    Box::new(move |query| {
        graph.search(query, K, ef_search).into_iter().map(|found| found.d_id as u64).collect()
    })
}

fn report(
    size: usize,
    method: &str,
    build: Duration,
    search: &Search,
    queries: &[Vec<f32>],
    truth: &[Vec<u64>],
) -> Result<(), Box<dyn Error>> {
    queries.iter().take(50).for_each(|query| drop(search(query)));
    let mut hits = 0;
    let mut times = Vec::with_capacity(queries.len());
    for (query, truth) in queries.iter().zip(truth) {
        let start = Instant::now();
        let found = search(query);
        times.push(start.elapsed().as_secs_f64());
        hits += truth.iter().filter(|id| found.contains(id)).count();
    }
    let total: f64 = times.iter().sum();
    times.sort_unstable_by(f64::total_cmp);
    writeln!(
        stdout(),
        "{size:>7}  {method:<10}{:>9.2}{:>10.1}{:>10.1}{:>11.0}{:>11.4}",
        build.as_secs_f64(),
        times[times.len() / 2] * 1e6,
        times[times.len() * 99 / 100] * 1e6,
        times.len() as f64 / total,
        hits as f64 / (truth.len() * K.min(size)) as f64,
    )?;
    Ok(())
}

/// Every inner product in f32, vectorised: what the crate's scan is to be compared with.
struct FlatScan {
    /// `[rows, DIMENSION]`
    rows: Vec<f32>,
}

impl FlatScan {
    fn search(&self, query: &[f32]) -> Vec<u64> {
        let mut scores = vec![0.0; self.rows.len() / DIMENSION];
        Arch::new().dispatch(Products { rows: &self.rows, query, products: &mut scores });
        let mut ids: Vec<u64> = (0..scores.len() as u64).collect();
        let closer = |a: &u64, b: &u64| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
        if ids.len() > K {
            ids.select_nth_unstable_by(K, closer);
            ids.truncate(K);
        }
        ids.sort_unstable_by(closer);
        ids
    }
}

#[derive(Clone, Copy)]
struct VectorisedDistance {
    arch: Arch,
}

impl Distance<f32> for VectorisedDistance {
    fn eval(&self, left: &[f32], right: &[f32]) -> f32 {
        let mut product = [0.0];
        self.arch.dispatch(Products { rows: left, query: right, products: &mut product });
        (1.0 - product[0]).max(0.0)
    }
}

struct Products<'a> {
    rows: &'a [f32],
    query: &'a [f32],
    products: &'a mut [f32],
}

impl NullaryFnOnce for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (query, _) = self.query.as_chunks::<32>();
        for (product, row) in self.products.iter_mut().zip(self.rows.chunks_exact(DIMENSION)) {
            let mut sums = [0.0_f32; 32];
            for (a, b) in row.as_chunks::<32>().0.iter().zip(query) {
                for lane in 0..32 {
                    sums[lane] += a[lane] * b[lane];
                }
            }
            *product = sums.iter().sum();
        }
    }
}
