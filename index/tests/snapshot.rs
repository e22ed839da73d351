//! An index on disk: what is saved comes back, and what is damaged is refused.

#![cfg(test)]

#[path = "recipe/mod.rs"]
mod recipe;

use std::fs;
use std::path::{Path, PathBuf};

use index::{Error, IndexKind, IndexParameters, IndexWriter, KindChoice, Searcher, snapshot};
use recipe::Recipe;
use tempfile::TempDir;

const DIMENSION: usize = 24;

/// Bytes before the sections, which are parameters, ids, vectors, removed and perhaps graph.
const HEAD_WITHOUT_GRAPH: usize = 16 + 4 * 16 + 4;
const HEAD_WITH_GRAPH: usize = 16 + 5 * 16 + 4;

/// A folder, an index saved in it, and the index.
struct Saved {
    folder: TempDir,
    path: PathBuf,
    searcher: Searcher,
    queries: Vec<Vec<f32>>,
}

/// 1,300 rows (two chunks), 40 removed, 20 replaced; with a graph, the last edits are outside of it.
fn saved(kind: KindChoice) -> Saved {
    let mut recipe = Recipe::new(DIMENSION, 30, 2);
    let parameters = IndexParameters { kind, seed: 9, ef_search: 48, ..IndexParameters::default() };
    let mut writer = IndexWriter::new(DIMENSION, parameters).expect("parameters in range");
    for (id, row) in (0..).zip(recipe.draw(1_300)) {
        writer.upsert(id * 3, &row).expect("a sound vector");
    }
    writer.wait_for_rebuild().expect("a rebuild");
    (0..40).for_each(|id| assert!(writer.remove(id * 30)));
    for (id, row) in (0..).zip(recipe.draw(20)) {
        writer.upsert(id * 30 + 3, &row).expect("a sound vector");
    }
    let searcher = writer.commit().expect("a commit");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("faq.index");
    snapshot::save(&searcher, &path).expect("a file");
    Saved { folder, path, searcher, queries: recipe.draw(60) }
}

fn assert_same(left: &Searcher, right: &Searcher, queries: &[Vec<f32>]) {
    assert_eq!((left.len(), left.dimension(), left.kind()), (right.len(), right.dimension(), right.kind()));
    for query in queries {
        assert_eq!(left.search(query, 10).expect("a query"), right.search(query, 10).expect("a query"));
    }
}

fn reason(error: Error) -> String {
    let Error::Damaged { reason, .. } = error else { panic!("not found to be damaged: {error}") };
    reason
}

fn flip(path: &Path, position: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[position] ^= 0x10;
    fs::write(path, bytes).expect("a file");
}

#[test]
fn what_is_saved_comes_back() {
    for kind in [KindChoice::Exact, KindChoice::Graph] {
        let saved = saved(kind);
        let mut writer = snapshot::load(&saved.path).unwrap();
        assert_same(&writer.searcher(), &saved.searcher, &saved.queries);
        assert_eq!(writer.len(), 1_260);
        assert_eq!((writer.parameters().kind, writer.parameters().seed), (kind, 9));

        assert!(!writer.remove(0) && writer.remove(3));
        writer.upsert(u64::MAX, &[1.0; DIMENSION]).unwrap();
        let edited = writer.commit().unwrap();
        assert_eq!(edited.len(), 1_260);
        assert_eq!(edited.search(&[1.0; DIMENSION], 1).unwrap()[0].id, u64::MAX);
    }
}

#[test]
fn an_empty_index_comes_back() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("empty");
    let writer = IndexWriter::new(DIMENSION, IndexParameters::default()).unwrap();
    snapshot::save(&writer.searcher(), &path).unwrap();
    let loaded = snapshot::load(&path).unwrap();
    assert_eq!((loaded.len(), loaded.dimension()), (0, DIMENSION));
}

#[test]
fn a_file_cut_off_anywhere_is_refused() {
    for kind in [KindChoice::Exact, KindChoice::Graph] {
        let saved = saved(kind);
        let whole = fs::read(&saved.path).unwrap();
        let head = if kind == KindChoice::Graph { HEAD_WITH_GRAPH } else { HEAD_WITHOUT_GRAPH };
        let ids = head + 80;
        let vectors = ids + 8 * 1_320;
        let removed = vectors + 4 * 1_320 * DIMENSION;
        let edges =
            [0, 7, 8, 12, 16, 17, head - 1, head, ids, vectors, vectors + 4 * 1_024 * DIMENSION, removed];
        let sampled = (0..whole.len()).step_by(whole.len() / 40 + 1);
        for length in
            edges.into_iter().flat_map(|edge| [edge, edge + 1]).chain(sampled).chain([whole.len() - 1])
        {
            fs::write(&saved.path, &whole[..length]).unwrap();
            let reason = reason(snapshot::load(&saved.path).unwrap_err());
            assert!(reason.contains("cut off") || reason.contains("ends inside"), "at {length}: {reason}");
        }
    }
}

#[test]
fn bytes_after_the_end_are_refused() {
    let saved = saved(KindChoice::Exact);
    let mut bytes = fs::read(&saved.path).unwrap();
    bytes.push(0);
    fs::write(&saved.path, bytes).unwrap();
    assert_eq!(reason(snapshot::load(&saved.path).unwrap_err()), "1 bytes follow the last section");
}

#[test]
fn a_flipped_bit_anywhere_is_refused() {
    for kind in [KindChoice::Exact, KindChoice::Graph] {
        let saved = saved(kind);
        let length = fs::read(&saved.path).unwrap().len();
        let head = 0..HEAD_WITHOUT_GRAPH;
        for position in head.chain((HEAD_WITHOUT_GRAPH..length).step_by(length / 150 + 1)).chain([length - 1])
        {
            flip(&saved.path, position);
            let error = snapshot::load(&saved.path).unwrap_err();
            let version = matches!(error, Error::Version { .. }) && (8..12).contains(&position);
            assert!(version || matches!(error, Error::Damaged { .. }), "at {position}: {error}");
            flip(&saved.path, position);
        }
        snapshot::load(&saved.path).unwrap();
    }
}

#[test]
fn a_damaged_graph_is_built_again_from_the_vectors() {
    let saved = saved(KindChoice::Graph);
    let whole = fs::read(&saved.path).unwrap();
    let graph = HEAD_WITH_GRAPH + 80 + 8 * 1_320 + 4 * 1_320 * DIMENSION + 8 * 1_320_usize.div_ceil(64);
    let mut flipped = whole.clone();
    flipped[graph + 5_000] ^= 1;
    let damaged = [flipped, whole[..graph].to_vec(), whole[..whole.len() - 9].to_vec()];
    for bytes in damaged {
        fs::write(&saved.path, bytes).unwrap();
        assert!(reason(snapshot::load(&saved.path).unwrap_err()).contains("graph"));
        let mut loaded = snapshot::load_or_rebuild(&saved.path).unwrap();
        assert!(loaded.graph_lost.is_some_and(|reason| reason.contains("graph")));
        assert_eq!(loaded.writer.searcher().kind(), IndexKind::Exact);
        assert_eq!(loaded.writer.searcher().len(), 1_260);
        let rebuilt = loaded.writer.wait_for_rebuild().unwrap();
        assert_eq!((rebuilt.kind(), rebuilt.len()), (IndexKind::Graph, 1_260));
        let agreeing = saved.queries.iter().filter(|query| {
            rebuilt.search(query, 5).expect("a query") == saved.searcher.search(query, 5).expect("a query")
        });
        assert!(agreeing.count() >= 57);
    }
}

#[test]
fn damage_before_the_graph_is_refused_even_so() {
    let saved = saved(KindChoice::Graph);
    let mut untouched = snapshot::load_or_rebuild(&saved.path).unwrap();
    assert_eq!(untouched.graph_lost, None);
    assert_same(&untouched.writer.searcher(), &saved.searcher, &saved.queries);
    untouched.writer.wait_for_rebuild().unwrap();
    flip(&saved.path, HEAD_WITH_GRAPH + 80 + 8 * 1_320 + 1_000);
    let reason = reason(snapshot::load_or_rebuild(&saved.path).unwrap_err());
    assert_eq!(reason, "the checksum of the vectors section does not match");
}

#[test]
fn another_version_and_another_file_are_told_apart() {
    let saved = saved(KindChoice::Exact);
    let mut bytes = fs::read(&saved.path).unwrap();
    bytes[8] = 200;
    fs::write(&saved.path, &bytes).unwrap();
    let error = snapshot::load(&saved.path).unwrap_err();
    assert!(matches!(error, Error::Version { found: 200, supported: snapshot::VERSION, .. }), "{error}");

    fs::write(&saved.path, "{\"not\": \"an index, but long enough to have a head\"}").unwrap();
    assert_eq!(reason(snapshot::load(&saved.path).unwrap_err()), "it does not begin as an index does");

    let absent = snapshot::load(&saved.folder.path().join("absent")).unwrap_err();
    assert!(matches!(&absent, Error::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound));
    assert!(absent.to_string().contains("absent"), "{absent}");
}

#[test]
fn a_save_replaces_the_file_at_once_and_leaves_nothing_beside_it() {
    let saved = saved(KindChoice::Exact);
    let mut writer = snapshot::load(&saved.path).unwrap();
    assert!(writer.remove(6));
    let smaller = writer.commit().unwrap();
    snapshot::save(&smaller, &saved.path).unwrap();
    assert_same(&snapshot::load(&saved.path).unwrap().searcher(), &smaller, &saved.queries);
    let names: Vec<_> =
        fs::read_dir(saved.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["faq.index"]);
}

#[test]
fn a_failed_save_leaves_what_was_there() {
    let saved = saved(KindChoice::Exact);
    // A folder cannot be replaced by a file.
    let occupied = saved.folder.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    fs::write(occupied.join("kept"), "kept").unwrap();
    let error = snapshot::save(&saved.searcher, &occupied).unwrap_err();
    assert!(matches!(error, Error::Io { action: "write", .. }), "{error}");
    assert_eq!(fs::read(occupied.join("kept")).unwrap(), b"kept");
    assert_eq!(fs::read_dir(saved.folder.path()).unwrap().count(), 2);
    let nowhere = saved.folder.path().join("no such folder").join("faq.index");
    assert!(matches!(snapshot::save(&saved.searcher, &nowhere).unwrap_err(), Error::Io { .. }));
}

/// Crafted rather than damaged: every checksum is right, the content is not.
#[test]
fn a_file_with_right_checksums_and_wrong_content_is_refused() {
    let saved = saved(KindChoice::Graph);
    let whole = fs::read(&saved.path).unwrap();
    let ids = HEAD_WITH_GRAPH + 80;
    let vectors = ids + 8 * 1_320;
    let removed = vectors + 4 * 1_320 * DIMENSION;
    let graph = removed + 8 * 1_320_usize.div_ceil(64);
    let cases: [(usize, &[u8], &str); 9] = [
        (HEAD_WITH_GRAPH, &[0; 8], "dimension"),
        (HEAD_WITH_GRAPH + 8, &[255; 8], "too large"),
        (HEAD_WITH_GRAPH + 8, &[9, 0], "not 9 rows"),
        (HEAD_WITH_GRAPH + 16, &[1, 4], "`m` is 1025"),
        (vectors, &f32::NAN.to_le_bytes(), "not of unit length"),
        (removed + 8 * 20, &[255; 8], "rows as removed"),
        (graph, &[255; 8], "cut off"),
        (graph + 8, &[255, 255], "entry is node 65535"),
        (graph + 24 + 8 * 1_301, &[255; 4], "link leads to node 4294967295"),
    ];
    for (position, content, expected) in cases {
        let mut bytes = whole.clone();
        bytes[position..][..content.len()].copy_from_slice(content);
        fs::write(&saved.path, reseal(bytes)).unwrap();
        let reason = reason(snapshot::load(&saved.path).unwrap_err());
        assert!(reason.contains(expected), "{expected}: {reason}");
    }
    let mut twice = whole;
    twice.copy_within(ids + 8 * 12..ids + 8 * 13, ids + 8 * 13);
    fs::write(&saved.path, reseal(twice)).unwrap();
    assert!(reason(snapshot::load(&saved.path).unwrap_err()).contains("is stored twice"));
}

/// Corrects the checksums of the five sections and of the head.
fn reseal(mut bytes: Vec<u8>) -> Vec<u8> {
    let mut start = HEAD_WITH_GRAPH;
    for entry in (16..HEAD_WITH_GRAPH - 4).step_by(16) {
        let length: [u8; 8] = bytes[entry + 8..entry + 16].try_into().expect("8 bytes");
        let end = start + u64::from_le_bytes(length) as usize;
        let checksum = crc32fast::hash(&bytes[start..end]);
        bytes[entry + 4..entry + 8].copy_from_slice(&checksum.to_le_bytes());
        start = end;
    }
    let checksum = crc32fast::hash(&bytes[..HEAD_WITH_GRAPH - 4]);
    bytes[HEAD_WITH_GRAPH - 4..HEAD_WITH_GRAPH].copy_from_slice(&checksum.to_le_bytes());
    bytes
}
