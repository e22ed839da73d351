//! Models and codes of letters and digits: iphone 14 is not iphone 15, 4g is not 5g.

use super::overlap::overlap;

/// A name taken apart: letters before the number, the number, letters after it.
#[derive(Debug, PartialEq, Eq)]
struct Name<'text> {
    before: &'text str,
    number: &'text str,
    after: &'text str,
}

/// Words before a number that do not make a name of it: "in 3 days".
const NO_NAMES: [&str; 40] = [
    "a", "an", "the", "in", "within", "after", "before", "for", "of", "at", "to", "is", "are", "was", "over",
    "under", "than", "only", "by", "until", "and", "or", "my", "have", "has", "had", "about", "last", "next",
    "from", "on", "every", "between", "up", "paid", "cost", "with", "past", "around", "app",
];

/// Words of other names for the same thing.
const SAME_NAME: [(&str, &str); 3] = [("win", "windows"), ("ip", "iphone"), ("iphon", "iphone")];

/// A number this long is nobody's model.
const LONGEST_NUMBER: usize = 5;

/// Names are compared between sentences that share at least this much, the names included.
const ALIKE_AROUND_NAMES: f32 = 0.4;

/// Whether the sentences are alike, both name a thing of one family, and no such name is the same: x200 and x300, vip1
/// and vip2. Symmetric.
pub(super) fn conflict(left: &str, right: &str) -> bool {
    let (left_names, right_names) = (names(left), names(right));
    let differs = |name: &Name<'_>| {
        let mut relatives = right_names.iter().filter(|other| name.is_relative_of(other)).peekable();
        relatives.peek().is_some()
            && relatives.all(|other| !left.contains(other.number) && !right.contains(name.number))
    };
    left_names.iter().any(differs) && overlap(left, right) >= ALIKE_AROUND_NAMES
}

impl Name<'_> {
    fn is_relative_of(&self, other: &Self) -> bool {
        family(self.before) == family(other.before) && (!self.before.is_empty() || self.after == other.after)
    }
}

fn family(before: &str) -> &str {
    SAME_NAME.iter().find(|(short, _)| *short == before).map_or(before, |(_, full)| full)
}

fn names(sentence: &str) -> Vec<Name<'_>> {
    let mut found = Vec::new();
    let mut previous = "";
    for word in sentence.split(|character: char| !character.is_ascii_alphanumeric()) {
        found.extend(name(previous, word));
        previous = word;
    }
    found
}

fn name<'text>(previous: &'text str, word: &'text str) -> Option<Name<'text>> {
    let start = word.find(|character: char| character.is_ascii_digit())?;
    let (before, rest) = word.split_at(start);
    let end = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    let is_simple =
        number.len() <= LONGEST_NUMBER && !after.contains(|character: char| character.is_ascii_digit());
    let before = if before.is_empty() && after.is_empty() { family_word(previous)? } else { before };
    is_simple.then_some(Name { before, number, after })
}

/// The word that stands before a number and makes a name with it.
fn family_word(previous: &str) -> Option<&str> {
    let is_word = previous.len() > 1 && previous.bytes().all(|letter| letter.is_ascii_alphabetic());
    (is_word && !NO_NAMES.contains(&previous)).then_some(previous)
}
