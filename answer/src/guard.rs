//! What a similarity cannot see: two sentences that look alike and mean different things, and texts that
//! mean nothing by themselves. Pure functions over text after [`crate::normalize()`]; called while a decision is made.
//!
//! Every guard is built to be right when it speaks and silent otherwise: a false alarm costs an automatic answer.

mod chit_chat;
mod information;
mod names;
mod numbers;
mod overlap;
mod polarity;
#[cfg(test)]
mod tests;

pub(crate) use chit_chat::is_chit_chat;
pub(crate) use information::too_little;

/// In what a question and a phrasing that look alike contradict each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conflicts {
    /// One denies what the other says, or they name opposites: open and close, received and not received.
    pub polarity: bool,
    /// Numbers of the same unit differ: 3 days and 7 days.
    pub number: bool,
    /// Models or codes differ: iphone 14 and iphone 15.
    pub name: bool,
}

impl Conflicts {
    pub(crate) fn any(self) -> bool {
        self.polarity || self.number || self.name
    }
}

/// The contradictions between two normalised sentences; symmetric. All `false` for sentences that do not look alike.
pub(crate) fn conflicts(question: &str, phrasing: &str) -> Conflicts {
    if question == phrasing {
        return Conflicts::default();
    }
    Conflicts {
        polarity: polarity::conflict(question, phrasing),
        number: numbers::conflict(question, phrasing),
        name: names::conflict(question, phrasing),
    }
}
