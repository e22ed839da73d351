//! Tables of sentence pairs, as customers write them.

mod chit_chat;
mod information;
mod names;
mod numbers;
mod polarity;

use super::{Conflicts, conflicts};
use crate::normalize;

fn between(left: &str, right: &str) -> Conflicts {
    let (left, right) = (normalize(left), normalize(right));
    let found = conflicts(&left, &right);
    assert_eq!(found, conflicts(&right, &left), "not symmetric: {left} | {right}");
    found
}

/// Fails with every pair whose conflict of one kind is not as expected.
fn assert_each(pairs: &[(&str, &str)], expected: bool, kind: fn(Conflicts) -> bool) {
    let wrong: Vec<_> = pairs.iter().filter(|(left, right)| kind(between(left, right)) != expected).collect();
    assert!(wrong.is_empty(), "expected {expected}: {wrong:#?}");
}

#[test]
fn a_sentence_never_contradicts_itself() {
    for sentence in ["没收到货", "怎么关闭", "不能退3天内的iphone 15吗", "", "?"] {
        assert_eq!(between(sentence, sentence), Conflicts::default(), "{sentence}");
    }
}
