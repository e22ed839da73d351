//! Which entries hold which terms: how much of a question's content is known at all, and how much of it an entry has.

use std::collections::{BTreeSet, HashMap};

/// Distinct content terms of many texts, numbered, with the number of entries that hold each.
#[derive(Default)]
pub(crate) struct Vocabulary {
    numbers: HashMap<String, u32>,
    holders: Vec<u32>,
    entries: u32,
}

/// The numbers of a text's distinct content terms, ascending.
pub(crate) type TermSet = Vec<u32>;

impl Vocabulary {
    /// Numbers the content terms of a text that belongs to the entry now being added.
    pub(crate) fn number(&mut self, terms: &[String]) -> TermSet {
        let mut numbers: TermSet = content(terms)
            .into_iter()
            .map(|term| {
                let next = self.holders.len() as u32;
                let number = *self.numbers.entry(term.to_owned()).or_insert(next);
                if number == next {
                    self.holders.push(0);
                }
                number
            })
            .collect();
        numbers.sort_unstable();
        numbers
    }

    /// Counts an entry that holds the texts numbered before.
    pub(crate) fn add_entry<'a>(&mut self, texts: impl Iterator<Item = &'a TermSet>) {
        let held: BTreeSet<u32> = texts.flatten().copied().collect();
        for number in held {
            self.holders[number as usize] += 1;
        }
        self.entries += 1;
    }

    /// The distinct content terms of a question, each with its number, if any entry has it, and its holders.
    pub(crate) fn look_up(&self, terms: &[String]) -> Vec<QuestionTerm> {
        let look_up = |term: &str| {
            let number = self.numbers.get(term).copied();
            QuestionTerm { number, holders: number.map_or(0, |number| self.holders[number as usize]) }
        };
        content(terms).into_iter().map(look_up).collect()
    }

    /// ln(1 + (N - n + 0.5) / (n + 0.5)) for a term that n of the N entries hold, as in BM25: greater is rarer.
    pub(crate) fn rarity(&self, holders: u32) -> f32 {
        let (entries, holders) = (self.entries.max(holders) as f32, holders as f32);
        (1.0 + (entries - holders + 0.5) / (holders + 0.5)).ln()
    }
}

/// A term of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct QuestionTerm {
    pub(crate) number: Option<u32>,
    /// Entries that hold it.
    pub(crate) holders: u32,
}

/// Terms that mean something by themselves: pairs of Chinese characters, dictionary words, words of other scripts. A
/// text that has none of these is represented by what it has, single characters.
fn content(terms: &[String]) -> BTreeSet<&str> {
    let says_something = |term: &&str| !term.starts_with('~') && term.chars().nth(1).is_some();
    let all = || terms.iter().map(String::as_str);
    let found: BTreeSet<&str> = all().filter(says_something).collect();
    if found.is_empty() { all().collect() } else { found }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::terms;

    #[test]
    fn a_term_is_counted_once_per_entry() {
        let mut vocabulary = Vocabulary::default();
        let (first, second) = (vocabulary.number(&terms("退款")), vocabulary.number(&terms("怎么退款")));
        vocabulary.add_entry([&first, &second].into_iter());
        let third = vocabulary.number(&terms("退款多久"));
        vocabulary.add_entry([&third].into_iter());
        let words = terms("退款怎么办");
        let looked_up = vocabulary.look_up(&words);
        let holders = |wanted: &str| {
            let position = content(&words).into_iter().position(|term| term == wanted).unwrap();
            looked_up[position].holders
        };
        assert_eq!((holders("退款"), holders("怎么"), holders("么办")), (2, 1, 0));
    }

    #[test]
    fn rarer_terms_weigh_more() {
        let mut vocabulary = Vocabulary::default();
        for _ in 0..10 {
            vocabulary.add_entry(std::iter::empty());
        }
        assert!((vocabulary.rarity(0) - 22.0_f32.ln()).abs() < 1e-6);
        assert!(vocabulary.rarity(1) > vocabulary.rarity(9));
    }

    #[test]
    fn single_characters_stand_in_for_words() {
        let words = terms("退");
        assert_eq!(content(&words).into_iter().collect::<Vec<_>>(), ["退"]);
    }
}
