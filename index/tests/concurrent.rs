//! Readers on other threads while the writer commits and rebuilds.

#![cfg(test)]

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use index::{IndexKind, IndexParameters, IndexWriter, KindChoice, Searcher};

const DIMENSION: usize = 16;
const ROWS: u64 = 200;

/// Every row of a generation lies near its axis, so that a search shows which generations it saw.
fn row(generation: u64, id: u64) -> [f32; DIMENSION] {
    let mut row = [0.0; DIMENSION];
    row[generation as usize % 8] = 1.0;
    row[8 + id as usize % 8] = 0.01 * (1 + id) as f32 / ROWS as f32;
    row
}

#[test]
fn a_search_sees_one_commit_whole() {
    let parameters = IndexParameters { kind: KindChoice::Graph, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(DIMENSION, parameters).unwrap();
    let published = RwLock::new((0, generation(&mut writer, 0)));
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let (number, searcher) = published.read().unwrap().clone();
                    check(&searcher, number);
                }
            });
        }
        for number in 1..60 {
            let searcher = generation(&mut writer, number);
            *published.write().unwrap() = (number, searcher);
        }
        done.store(true, Ordering::Relaxed);
    });
    let settled = writer.wait_for_rebuild().unwrap();
    assert_eq!(settled.kind(), IndexKind::Graph);
    check(&settled, 59);
}

/// Replaces every row.
fn generation(writer: &mut IndexWriter, number: u64) -> Searcher {
    (0..ROWS).for_each(|id| writer.upsert(id, &row(number, id)).expect("a sound vector"));
    writer.commit().expect("a commit")
}

fn check(searcher: &Searcher, number: u64) {
    let found = searcher.search(&row(number, 0), ROWS as usize).expect("a sound query");
    assert_eq!(found.len(), ROWS as usize);
    assert!(found.iter().all(|neighbor| neighbor.similarity > 0.99), "{number}: rows of another commit");
}

#[test]
fn a_writer_can_be_dropped_while_it_rebuilds() {
    let parameters = IndexParameters { kind: KindChoice::Graph, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(DIMENSION, parameters).unwrap();
    let searcher = generation(&mut writer, 1);
    drop(writer);
    check(&searcher, 1);
}

#[test]
fn a_filter_may_search_itself() {
    let parameters = IndexParameters { kind: KindChoice::Graph, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(DIMENSION, parameters).unwrap();
    generation(&mut writer, 1);
    let searcher = writer.wait_for_rebuild().unwrap();
    let nested = |id| searcher.search(&row(1, id), 1).is_ok_and(|found| found[0].similarity > 0.99);
    assert_eq!(searcher.search_filtered(&row(1, 0), 10, &nested).unwrap().len(), 10);
}

#[test]
fn handles_cross_threads() {
    fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Searcher>();
    crosses::<IndexWriter>();
}
