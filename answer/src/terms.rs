//! The terms under which a text is looked up lexically.

use std::sync::LazyLock;

use jieba_rs::Jieba;

use crate::normalize::is_ideograph;

/// Loading the dictionary takes a tenth of a second and 40 MB, so the process does it once.
static SEGMENTER: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// A Latin word at least this long is also found by its parts, so that one typing error does not lose it.
const SHORTEST_SPLIT_WORD: usize = 5;
const PART_LENGTH: usize = 3;

/// Terms of a normalised text, in order, with repetitions: for Chinese every character, every pair of neighbours and
/// every dictionary word of three or more characters; for other scripts every word, and the three-letter parts of
/// longer ones. Empty when the text has neither letters nor digits.
pub(crate) fn terms(normalized: &str) -> Vec<String> {
    let mut found = Vec::new();
    for run in runs(normalized) {
        if run.chars().next().is_some_and(is_ideograph) {
            ideograph_terms(run, &mut found)
        } else {
            word_terms(run, &mut found)
        }
    }
    found
}

/// Maximal stretches of ideographs, and of other letters and digits.
fn runs(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).flat_map(split_scripts)
}

fn split_scripts(word: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = word;
    while let Some(first) = rest.chars().next() {
        let script = is_ideograph(first);
        let end = rest.find(|character| is_ideograph(character) != script).unwrap_or(rest.len());
        let (part, remainder) = rest.split_at(end);
        parts.push(part);
        rest = remainder;
    }
    parts
}

fn ideograph_terms(run: &str, found: &mut Vec<String>) {
    let characters: Vec<char> = run.chars().collect();
    found.extend(characters.iter().map(char::to_string));
    found.extend(characters.windows(2).map(|pair| pair.iter().collect()));
    let words = SEGMENTER.cut(run, true);
    found.extend(
        words.iter().map(|token| token.word).filter(|word| word.chars().count() > 2).map(str::to_owned),
    );
}

/// Parts carry a mark so that the word "art" and a part of "start" are different terms.
fn word_terms(run: &str, found: &mut Vec<String>) {
    found.push(run.to_owned());
    let characters: Vec<char> = run.chars().collect();
    if characters.len() >= SHORTEST_SPLIT_WORD {
        found.extend(
            characters
                .windows(PART_LENGTH)
                .map(|part| std::iter::once('~').chain(part.iter().copied()).collect()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_gives_characters_pairs_and_long_words() {
        assert_eq!(terms("退款"), ["退", "款", "退款"]);
        assert!(terms("增值税专用发票").iter().any(|term| term == "增值税"));
    }

    #[test]
    fn other_scripts_give_words_and_parts() {
        assert_eq!(terms("my order"), ["my", "order", "~ord", "~rde", "~der"]);
        assert_eq!(terms("app登录"), ["app", "登", "录", "登录"]);
    }

    #[test]
    fn symbols_give_nothing() {
        assert!(terms("?!😀").is_empty());
        assert!(terms("").is_empty());
    }
}
