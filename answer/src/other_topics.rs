//! Questions that no business's FAQ is about. Calibration asks them to learn what a far question looks like.

/// Written for this project, see `data/README.md`.
static QUESTIONS: &str = include_str!("../data/other_topics.txt");

/// Greetings, thanks, laughter, "are you a robot": also what guards recognise as chit-chat.
pub(crate) static CHIT_CHAT: &str = include_str!("../data/chit_chat.txt");

/// Every shipped question about another topic, then every line of chit-chat, as written (not normalised).
pub(crate) fn other_topics() -> impl Iterator<Item = &'static str> {
    lines(QUESTIONS).chain(lines(CHIT_CHAT))
}

/// The lines of a shipped list that hold anything.
pub(crate) fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().map(str::trim).filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::normalize;

    #[test]
    fn the_lists_are_long_and_without_repetition() {
        let all: Vec<String> = other_topics().map(normalize).collect();
        assert!(all.len() > 1_000, "{}", all.len());
        let distinct: HashSet<&String> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn no_line_asks_for_a_human() {
        for line in other_topics() {
            assert!(!line.contains("转人工") && !line.contains("人工客服"), "{line}");
        }
    }
}
