//! Passes over rows, until one finds nothing to do.

use super::Outcome;

/// What became of one row.
pub(super) enum Row<T> {
    /// Written anew.
    Moved,
    /// Nothing to do.
    Settled,
    /// Changed by others between reading and writing: the next pass looks again.
    Changed,
    /// Does not open.
    Unreadable(T),
}

/// Counts over passes. `C` continues after a row, `T` names an unreadable one.
pub(super) struct Sweep<C, T> {
    /// Where the pass stands; `None` at its beginning.
    cursor: Option<C>,
    unsettled: bool,
    unreadable: Vec<T>,
    moved: u64,
}

impl<C, T> Sweep<C, T> {
    pub(super) fn new() -> Self {
        Self { cursor: None, unsettled: false, unreadable: Vec::new(), moved: 0 }
    }

    /// What became of the rows of a batch, which ends before `cursor`.
    pub(super) fn note(&mut self, cursor: C, rows: Vec<Row<T>>) {
        self.cursor = Some(cursor);
        for row in rows {
            match row {
                Row::Settled => {}
                Row::Moved => {
                    self.moved += 1;
                    self.unsettled = true;
                }
                Row::Changed => self.unsettled = true,
                Row::Unreadable(name) => self.unreadable.push(name),
            }
        }
    }

    /// The pass proves nothing: a batch of it ended with an error.
    pub(super) fn disturb(&mut self) {
        self.unsettled = true;
    }

    pub(super) fn cursor(&self) -> Option<&C> {
        self.cursor.as_ref()
    }

    /// Whether this pass has written nothing and seen nothing change.
    pub(super) fn is_settled(&self) -> bool {
        !self.unsettled
    }

    pub(super) fn has_unreadable(&self) -> bool {
        !self.unreadable.is_empty()
    }

    pub(super) fn take_unreadable(&mut self) -> Vec<T> {
        std::mem::take(&mut self.unreadable)
    }

    pub(super) fn begin_pass(&mut self) {
        self.cursor = None;
        self.unsettled = false;
        self.unreadable.clear();
    }

    pub(super) fn outcome(&self, unreadable: Vec<T>) -> Outcome<T> {
        Outcome { moved: self.moved, unreadable }
    }
}

/// What storage answered to the replacement of `count` rows. A row without an answer is looked at again.
pub(super) fn written<T>(replaced: &[bool], count: usize) -> impl Iterator<Item = Row<T>> {
    (0..count).map(|number| if replaced.get(number) == Some(&true) { Row::Moved } else { Row::Changed })
}
