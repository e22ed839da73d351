//! What an English sentence denies: not, n't, never, no, without, unable.

use super::Reading;

const NEGATIONS: [&str; 24] = [
    "not", "non", "never", "no", "without", "unable", "cannot", "cant", "dont", "doesnt", "didnt", "wont",
    "isnt", "arent", "wasnt", "havent", "hasnt", "hadnt", "couldnt", "wouldnt", "neither", "nor", "nothing",
    "nobody",
];

/// Between the negation and what it denies.
const AUXILIARIES: [&str; 26] = [
    "be", "been", "being", "to", "able", "yet", "still", "any", "a", "an", "the", "my", "your", "it", "i",
    "have", "has", "do", "does", "is", "are", "was", "we", "you", "getting", "get",
];

/// After a negation: says that one does not know or find something, which asks how and where.
const UNKNOWING: [&str; 14] = [
    "know",
    "sure",
    "understand",
    "remember",
    "find",
    "see",
    "only",
    "just",
    "recall",
    "figure",
    "think",
    "problem",
    "matter",
    "mind",
];

const SUBJECTS: [&str; 9] = ["i", "you", "we", "it", "there", "they", "this", "that", "my"];

pub(super) fn words(sentence: &str) -> impl Iterator<Item = &str> {
    sentence
        .split(|character: char| !character.is_alphanumeric() && !matches!(character, '\'' | '’'))
        .filter(|word| !word.is_empty())
}

/// Without the endings of the past and of the present participle, and without a silent e: receive, received, receiving.
pub(super) fn stem(word: &str) -> &str {
    ["ing", "ed", "es", "s", "e"]
        .iter()
        .find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() > 2))
        .unwrap_or(word)
}

pub(super) fn read(sentence: &str) -> Reading {
    let words: Vec<&str> = words(sentence).collect();
    let mut reading = Reading::default();
    let mut position = 0;
    while let Some(word) = words.get(position) {
        position += 1;
        if !is_negation(word) {
            reading.plain.push_str(word);
            reading.plain.push(' ');
            continue;
        }
        let following = words.get(position..).unwrap_or_default();
        let asks = position == 1 && following.first().is_some_and(|next| SUBJECTS.contains(next));
        let denied = following.iter().find(|next| !AUXILIARIES.contains(*next));
        reading.denied.extend(
            denied.filter(|denied| !asks && !UNKNOWING.contains(*denied)).map(|denied| (*denied).to_owned()),
        );
    }
    reading
}

fn is_negation(word: &str) -> bool {
    word.ends_with("n't") || word.ends_with("n’t") || NEGATIONS.contains(&word)
}
