//! What is indexed and what is asked.

use eval::{Error, Indexed, LabelledSet, load_out_of_scope};

use crate::{AUTHORED, KNOWLEDGE, folder, own};

fn asked(set: &LabelledSet) -> Vec<(&str, Option<&str>, Option<&str>)> {
    set.questions
        .iter()
        .map(|question| (question.text.as_str(), question.expected.as_deref(), question.note.as_deref()))
        .collect()
}

#[test]
fn a_folder_is_indexed_whole_unless_told_otherwise() {
    let questions = "{\"text\":\"想退钱\",\"expected\":\"refund\"}\n{\"text\":\"天气\",\"expected\":null,\"note\":\"far\"}\n";
    let folder = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", questions)]);
    let similar = |indexed| LabelledSet::load(folder.path(), indexed).unwrap().entries[0].similar.len();
    assert_eq!(similar(None), 3);
    assert_eq!(similar(Some(Indexed::Standard)), 0);
    assert_eq!(similar(Some(Indexed::Half)), 1);
    let set = LabelledSet::load(folder.path(), None).unwrap();
    assert_eq!(asked(&set), [("想退钱", Some("refund"), None), ("天气", None, Some("far"))]);
}

#[test]
fn an_authored_file_asks_what_it_does_not_index() {
    let folder = folder(&[("shop.jsonl", AUTHORED)]);
    let load = |indexed| LabelledSet::load(&folder.path().join("shop.jsonl"), indexed).unwrap();
    let out_of_scope = [("店开在哪条街", None, Some("near")), ("讲个笑话", None, Some("far"))];
    let standard = load(None);
    assert_eq!((standard.name.as_str(), standard.indexed), ("shop", Indexed::Standard));
    assert_eq!(standard.entries[0].similar.len(), 0);
    assert_eq!(standard.questions.len(), 5 + 2);
    let half = load(Some(Indexed::Half));
    assert_eq!(half.entries[0].similar, ["一", "二"]);
    let expected = [("三", Some("refund"), None), ("四", Some("refund"), None), ("五", Some("refund"), None)];
    assert_eq!(asked(&half), [&expected[..], &out_of_scope[..]].concat());
    assert_eq!(asked(&load(Some(Indexed::All))), out_of_scope);
}

#[test]
fn a_broken_line_is_named() {
    let broken = format!("{AUTHORED}{{\"type\":\"faq\"}}\n");
    let folder = folder(&[("shop.jsonl", &broken)]);
    let error = LabelledSet::load(&folder.path().join("shop.jsonl"), None).unwrap_err().to_string();
    assert!(error.contains("shop.jsonl, line 5"), "{error}");
}

#[test]
fn a_label_that_names_no_entry_is_refused() {
    let questions = "{\"text\":\"想退钱\",\"expected\":\"refunds\"}\n";
    let folder = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", questions)]);
    match LabelledSet::load(folder.path(), None) {
        Err(Error::NotASet { path, reason }) => {
            assert!(path.ends_with("questions.jsonl"));
            assert!(reason.contains("refunds") && reason.contains("想退钱"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn knowledge_is_loaded_from_any_form() {
    let marked = format!("\u{feff}{AUTHORED}");
    let folder = folder(&[
        ("knowledge.jsonl", KNOWLEDGE),
        ("shop.jsonl", AUTHORED),
        ("marked.jsonl", &marked),
        ("broken.jsonl", "{}"),
    ]);
    let load = |path: &str| LabelledSet::load_knowledge(&folder.path().join(path), None);
    for (path, entries, phrasings) in
        [("", 2, 6), ("knowledge.jsonl", 2, 6), ("shop.jsonl", 1, 1), ("marked.jsonl", 1, 1)]
    {
        let set = load(path).unwrap();
        let loaded: usize = set.entries.iter().map(|entry| entry.phrasings().count()).sum();
        assert_eq!((set.entries.len(), loaded, set.questions.len()), (entries, phrasings, 0), "{path}");
    }
    assert!(load("broken.jsonl").unwrap_err().to_string().contains("broken.jsonl, line 1"));
    assert!(matches!(load("none.jsonl"), Err(Error::File { .. })));
}

#[test]
fn questions_out_of_scope_expect_nothing() {
    let folder = folder(&[
        (
            "other.jsonl",
            "{\"text\":\"天气\",\"expected\":null}\n{\"text\":\"讲个笑话\",\"expected\":null,\"note\":\"joke\"}\n",
        ),
        ("wrong.jsonl", "{\"text\":\"想退钱\",\"expected\":\"refund\"}\n"),
    ]);
    let questions = load_out_of_scope(&folder.path().join("other.jsonl")).unwrap();
    let notes: Vec<Option<&str>> = questions.iter().map(|question| question.note.as_deref()).collect();
    assert_eq!(notes, [Some("far"), Some("far")]);
    let error = load_out_of_scope(&folder.path().join("wrong.jsonl")).unwrap_err().to_string();
    assert!(error.contains("wrong.jsonl") && error.contains("想退钱"), "{error}");
}

#[test]
fn what_is_missing_is_named() {
    let only_knowledge = folder(&[("knowledge.jsonl", KNOWLEDGE)]);
    let error = LabelledSet::load(only_knowledge.path(), None).unwrap_err();
    assert!(matches!(&error, Error::File { path, .. } if path.ends_with("questions.jsonl")), "{error}");
    let nothing_to_ask = folder(&[("knowledge.jsonl", KNOWLEDGE), ("questions.jsonl", "\n")]);
    assert!(matches!(LabelledSet::load(nothing_to_ask.path(), None), Err(Error::NotASet { .. })));
}

#[test]
fn the_demo_sets_are_sound() {
    for (name, entries, questions) in [("shop-zh", 90, 487), ("shop-en", 30, 92)] {
        let set = LabelledSet::load(&own("datasets").join(name), None).unwrap();
        assert_eq!((set.entries.len(), set.questions.len()), (entries, questions));
        assert_eq!(answer::check_knowledge(&set.entries), []);
        let indexed: Vec<String> =
            set.entries.iter().flat_map(|entry| entry.phrasings()).map(answer::normalize).collect();
        let leaked =
            set.questions.iter().find(|question| indexed.contains(&answer::normalize(&question.text)));
        assert_eq!(leaked, None, "{name}: a question that is also indexed measures nothing");
    }
}
