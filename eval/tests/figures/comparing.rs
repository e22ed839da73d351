//! Two reports against each other.

use std::fs;

use eval::{Band, Comparison, Error, Judged, Metrics, Recorded, RecordedSet, compare};

use crate::{assert_near, in_scope, metrics, out_of_scope};

fn recorded(name: &str, judged: Vec<Judged>) -> Recorded {
    let set = RecordedSet { name: name.to_owned(), metrics: metrics(&judged), judged };
    Recorded { model: "m".to_owned(), sets: vec![set] }
}

/// `hits` questions answered rightly, then `misses` answered wrongly, each with a text of its own.
fn answered(hits: usize, misses: usize) -> Vec<Judged> {
    let rank = |position| Some(if position < hits { 1 } else { 2 });
    (0..hits + misses)
        .map(|position| Judged {
            text: format!("问题{position}"),
            ..in_scope(rank(position), 0.8, Band::Answer)
        })
        .collect()
}

fn change<'a>(comparison: &'a Comparison, figure: &str) -> &'a eval::Change {
    comparison.sets[0].changes.iter().find(|change| change.figure == figure).unwrap()
}

#[test]
fn the_same_report_is_not_worse_than_itself() {
    let report = recorded("shop", answered(30, 10));
    let comparison = compare(&report, &report, 0.0).unwrap();
    assert!(!comparison.is_worse());
    let hit = change(&comparison, "hit_at_1").difference.unwrap();
    assert_eq!((hit.low, hit.high), (0.0, 0.0));
    let test = comparison.sets[0].hit_at_1.unwrap();
    assert_eq!((test.gained, test.lost, test.p_value), (0, 0, 1.0));
    assert!(comparison.text().contains("no figure is worse"), "{}", comparison.text());
}

#[test]
fn a_loss_beyond_the_tolerance_is_worse_and_its_interval_says_so() {
    let (new, old) = (recorded("shop", answered(70, 30)), recorded("shop", answered(80, 20)));
    let comparison = compare(&new, &old, 0.005).unwrap();
    assert!(comparison.is_worse());
    let hit = change(&comparison, "hit_at_1");
    assert!(hit.worse);
    // Ten of a hundred lost: −0.1 ± 1.96 · 0.03 by the normal approximation.
    let interval = hit.difference.unwrap();
    assert!((interval.low + 0.16).abs() <= 0.011 && (interval.high + 0.05).abs() <= 0.011, "{interval:?}");
    let test = comparison.sets[0].hit_at_1.unwrap();
    // scipy.stats.binomtest(0, 10, 0.5).pvalue
    assert_eq!((test.gained, test.lost), (0, 10));
    assert_near(Some(test.p_value), 0.001953125);
    assert!(comparison.text().contains("worse: shop: hit_at_1 0.8000 → 0.7000"), "{}", comparison.text());
    assert!(!compare(&new, &old, 0.2).unwrap().is_worse());
    assert!(!compare(&old, &new, 0.0).unwrap().is_worse(), "a gain is no loss");
}

#[test]
fn comparing_twice_gives_the_same() {
    let (new, old) = (recorded("shop", answered(33, 7)), recorded("shop", answered(20, 20)));
    let once = serde_json::to_value(compare(&new, &old, 0.0).unwrap()).unwrap();
    assert_eq!(once, serde_json::to_value(compare(&new, &old, 0.0).unwrap()).unwrap());
}

#[test]
fn right_decisions_are_tested_too() {
    let right = out_of_scope(Some("near"), 0.1, Band::HandOff);
    let wrong = Judged { decision: Band::Answer, ..right.clone() };
    let comparison =
        compare(&recorded("shop", vec![right; 6]), &recorded("shop", vec![wrong; 6]), 0.0).unwrap();
    let set = &comparison.sets[0];
    assert_eq!((set.paired, set.hit_at_1), (6, None));
    let test = set.right_decision.unwrap();
    assert_eq!((test.gained, test.lost), (6, 0));
    // scipy.stats.binomtest(0, 6, 0.5).pvalue
    assert_near(Some(test.p_value), 0.03125);
}

#[test]
fn questions_are_paired_by_text_and_label() {
    let mut old = answered(2, 1);
    old.reverse();
    old.push(Judged { text: "别的".to_owned(), ..in_scope(Some(1), 0.5, Band::Answer) });
    let comparison = compare(&recorded("shop", answered(2, 2)), &recorded("shop", old), 1.0).unwrap();
    assert_eq!(comparison.sets[0].paired, 3);
    assert_eq!(comparison.sets[0].hit_at_1.map(|test| (test.gained, test.lost)), Some((0, 0)));
}

#[test]
fn a_set_that_is_gone_is_worse_and_nothing_in_common_is_an_error() {
    let mut old = recorded("shop", answered(1, 0));
    old.sets.push(RecordedSet { name: "bank".to_owned(), metrics: Metrics::default(), judged: Vec::new() });
    let new = recorded("shop", answered(1, 0));
    let comparison = compare(&new, &old, 0.0).unwrap();
    assert!(comparison.is_worse());
    assert_eq!(comparison.only_old, ["bank"]);
    assert!(!compare(&old, &new, 0.0).unwrap().is_worse(), "a new set is no loss");
    assert!(matches!(compare(&recorded("clinic", Vec::new()), &new, 0.0), Err(Error::NotComparable(_))));
}

#[test]
fn an_accepted_file_of_figures_is_enough() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accepted.json");
    let text =
        r#"{"model": "m", "hit_at_1": 0.9, "sets": [{"name": "shop", "hit_at_1": 0.9, "unheard_of": [1]}]}"#;
    fs::write(&file, text).unwrap();
    let old = Recorded::read(&file).unwrap();
    let comparison = compare(&recorded("shop", answered(8, 2)), &old, 0.005).unwrap();
    assert!(comparison.is_worse());
    assert_eq!((comparison.sets[0].paired, comparison.sets[0].changes.len()), (0, 1));
    assert_eq!(change(&comparison, "hit_at_1").difference, None);
    assert!(comparison.text().contains("figures only"), "{}", comparison.text());
    fs::write(&file, "{}").unwrap();
    assert!(matches!(Recorded::read(&file), Err(Error::NotAReport { .. })));
    assert!(matches!(Recorded::read(&folder.path().join("none.json")), Err(Error::File { .. })));
}
