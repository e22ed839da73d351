//! What an index refuses, and that a refusal changes nothing.

#![cfg(test)]

use index::{Error, IndexKind, IndexParameters, IndexWriter, KindChoice, VectorFault};

fn writer() -> Result<IndexWriter, Error> {
    IndexWriter::new(3, IndexParameters::default())
}

#[test]
fn parameters_out_of_range_are_named() {
    let defaults = IndexParameters::default;
    let cases = [
        ("m", IndexParameters { m: 1, ..defaults() }),
        ("m", IndexParameters { m: 257, ..defaults() }),
        ("ef_construction", IndexParameters { ef_construction: 0, ..defaults() }),
        ("ef_search", IndexParameters { ef_search: 0, ..defaults() }),
        ("ef_search", IndexParameters { ef_search: usize::MAX, ..defaults() }),
        ("rebuild_share", IndexParameters { rebuild_share: 0.0, ..defaults() }),
        ("rebuild_share", IndexParameters { rebuild_share: 1.5, ..defaults() }),
        ("rebuild_share", IndexParameters { rebuild_share: f32::NAN, ..defaults() }),
    ];
    for (expected, parameters) in cases {
        let error = IndexWriter::new(3, parameters).unwrap_err();
        assert!(
            matches!(error, Error::InvalidParameter { name, .. } if name == expected),
            "{expected}: {error}"
        );
    }
    IndexWriter::new(3, IndexParameters { m: 2, ..defaults() }).unwrap();
    IndexWriter::new(3, IndexParameters { m: 256, ef_search: 1, rebuild_share: 1.0, ..defaults() }).unwrap();
}

#[test]
fn the_dimension_is_checked() {
    for dimension in [0, 8193, usize::MAX] {
        let error = IndexWriter::new(dimension, IndexParameters::default()).unwrap_err();
        assert!(error.to_string().starts_with("index parameter `dimension` is "), "{error}");
    }
    IndexWriter::new(8192, IndexParameters::default()).unwrap();
}

#[test]
fn unusable_vectors_are_refused_with_their_id_and_reason() {
    let mut writer = writer().unwrap();
    writer.upsert(1, &[1.0, 0.0, 0.0]).unwrap();
    let cases: [(&[f32], VectorFault); 6] = [
        (&[], VectorFault::Dimension { expected: 3, actual: 0 }),
        (&[1.0, 2.0], VectorFault::Dimension { expected: 3, actual: 2 }),
        (&[1.0, f32::NAN, 0.0], VectorFault::NotANumber { position: 1 }),
        (&[1.0, 0.0, f32::NEG_INFINITY], VectorFault::Infinite { position: 2 }),
        (&[0.0, 0.0, 0.0], VectorFault::Zero),
        (&[0.0, -0.0, 0.0], VectorFault::Zero),
    ];
    for (vector, expected) in cases {
        let error = writer.upsert(1, vector).unwrap_err();
        assert!(matches!(error, Error::InvalidVector { id: 1, reason } if reason == expected), "{error}");
        let error = writer.searcher().search(vector, 1).unwrap_err();
        assert!(matches!(error, Error::InvalidQuery { reason } if reason == expected), "{error}");
    }
    assert_eq!(writer.vector(1), Some(&[1.0, 0.0, 0.0][..]));
    assert_eq!(writer.len(), 1);
}

#[test]
fn messages_say_what_and_where() {
    let error = writer().unwrap().upsert(42, &[0.5, f32::NAN, 0.1]).unwrap_err();
    assert_eq!(error.to_string(), "vector of id 42: value 1 is not a number");
}

#[test]
fn lengths_at_the_edge_of_f32_keep_their_direction() {
    let mut writer = writer().unwrap();
    writer.upsert(1, &[3e38, 3e38, 0.0]).unwrap();
    writer.upsert(2, &[0.0, 1e-45, 0.0]).unwrap();
    let searcher = writer.commit().unwrap();
    let found = searcher.search(&[0.0, 1e-40, 0.0], 2).unwrap();
    assert_eq!(found[0].id, 2);
    assert!((found[0].similarity - 1.0).abs() < 1e-6);
    assert!((found[1].similarity - 0.5_f32.sqrt()).abs() < 1e-6);
}

#[test]
fn an_empty_index_finds_nothing() {
    for kind in [KindChoice::Auto, KindChoice::Exact, KindChoice::Graph] {
        let mut writer = IndexWriter::new(3, IndexParameters { kind, ..IndexParameters::default() }).unwrap();
        let searcher = writer.wait_for_rebuild().unwrap();
        assert_eq!(searcher.search(&[1.0, 0.0, 0.0], 5).unwrap(), []);
        assert!(searcher.is_empty() && writer.is_empty());
        writer.upsert(7, &[1.0, 0.0, 0.0]).unwrap();
        assert!(writer.remove(7));
        assert!(!writer.remove(7));
        assert_eq!(writer.wait_for_rebuild().unwrap().search(&[1.0, 0.0, 0.0], 5).unwrap(), []);
    }
}

#[test]
fn k_is_bounded_by_what_is_there() {
    let mut writer = writer().unwrap();
    writer.upsert(1, &[1.0, 0.0, 0.0]).unwrap();
    writer.upsert(2, &[1.0, 1.0, 0.0]).unwrap();
    let searcher = writer.commit().unwrap();
    assert_eq!(searcher.search(&[1.0, 0.0, 0.0], 0).unwrap(), []);
    let all: Vec<u64> =
        searcher.search(&[1.0, 0.0, 0.0], usize::MAX).unwrap().iter().map(|found| found.id).collect();
    assert_eq!(all, [1, 2]);
}

#[test]
fn equals_are_ordered_by_id() {
    let mut writer = writer().unwrap();
    for id in [9, 3, u64::MAX, 0, 5] {
        writer.upsert(id, &[1.0, 2.0, 3.0]).unwrap();
    }
    let found = writer.commit().unwrap().search(&[1.0, 2.0, 3.0], 4).unwrap();
    let ids: Vec<u64> = found.iter().map(|neighbor| neighbor.id).collect();
    assert_eq!(ids, [0, 3, 5, 9]);
}

#[test]
fn edits_are_seen_after_the_commit_and_not_before() {
    let mut writer = writer().unwrap();
    writer.upsert(1, &[1.0, 0.0, 0.0]).unwrap();
    let before = writer.commit().unwrap();
    writer.upsert(1, &[0.0, 1.0, 0.0]).unwrap();
    writer.upsert(2, &[1.0, 0.0, 0.0]).unwrap();
    assert_eq!(writer.len(), 2);
    assert_eq!(writer.searcher().len(), 1);
    let after = writer.commit().unwrap();
    assert_eq!(before.search(&[1.0, 0.0, 0.0], 9).unwrap()[0].id, 1);
    assert_eq!(after.search(&[1.0, 0.0, 0.0], 9).unwrap()[0].id, 2);
    assert_eq!((before.len(), after.len()), (1, 2));
}

#[test]
fn the_kind_follows_the_size() {
    let parameters = IndexParameters { graph_above: 2, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(3, parameters).unwrap();
    writer.upsert(1, &[1.0, 0.0, 0.0]).unwrap();
    writer.upsert(2, &[0.0, 1.0, 0.0]).unwrap();
    assert_eq!(writer.wait_for_rebuild().unwrap().kind(), IndexKind::Exact);
    writer.upsert(3, &[0.0, 0.0, 1.0]).unwrap();
    assert_eq!(writer.wait_for_rebuild().unwrap().kind(), IndexKind::Graph);
}
