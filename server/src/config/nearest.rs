//! "Did you mean …": the known word closest to a misspelt one.

/// The candidate that takes the fewest edits to reach from `word`; `None` when even that one differs in more than a
/// third of its characters.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (edits(word, candidate), candidate))
        .min_by_key(|(edits, _)| *edits)
        .filter(|(edits, candidate)| edits * 3 <= candidate.chars().count())
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance in characters, without regard to ASCII case.
fn edits(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (removed, from) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = removed + 1;
        for (column, to) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_as_levenshtein_did() {
        for (left, right, expected) in
            [("", "", 0), ("", "abc", 3), ("kitten", "sitting", 3), ("款", "退款", 1)]
        {
            assert_eq!(edits(left, right), expected);
            assert_eq!(edits(right, left), expected);
        }
    }

    #[test]
    fn only_a_similar_word_is_suggested() {
        let known = ["server.address", "server.max_body_bytes", "log.level"];
        assert_eq!(nearest("server.adress", known), Some("server.address"));
        assert_eq!(nearest("LOG.LEVEL", known), Some("log.level"));
        assert_eq!(nearest("colour", known), None);
    }
}
