//! The retiring keys of one purpose: their rows are renewed, key after key, and each key whose rows are gone is
//! destroyed.

use std::collections::VecDeque;

use super::sweep::{Row, Sweep};
use super::{Cursor, Step};
use crate::{Error, KeyId, KeyPurpose, KeyState, Place, Result, StorageError, Vault};

/// What storage gives back when it is read.
pub(super) type Batch<R> = std::result::Result<Vec<R>, StorageError>;

pub(super) struct Retirement {
    vault: Vault,
    /// The first is the one whose rows are looked for now.
    keys: VecDeque<KeyId>,
    sweep: Sweep<Cursor, Place>,
    /// Of the keys that are done with.
    unreadable: Vec<Place>,
}

impl Retirement {
    /// Adds a successor to the purpose's current key, which retires.
    pub(super) fn begin(vault: Vault, purpose: &KeyPurpose) -> Result<Self> {
        let current = vault.current_key_id(purpose)?;
        if !vault.add_key(purpose, Some(current))? {
            return Err(Error::Contended);
        }
        Self::resume(vault, purpose)?.ok_or(Error::Contended)
    }

    /// `None` if no key of the purpose retires.
    pub(super) fn resume(vault: Vault, purpose: &KeyPurpose) -> Result<Option<Self>> {
        let rows = vault.rows_of(purpose)?;
        let retiring = rows.iter().filter(|row| row.state == KeyState::Retiring);
        let keys: VecDeque<KeyId> = retiring.map(|row| row.id).collect();
        if keys.is_empty() {
            return Ok(None);
        }
        // Another process may have begun: this vault is to seal with the key that is current now.
        vault.forget_keys_of(purpose);
        Ok(Some(Self { vault, keys, sweep: Sweep::new(), unreadable: Vec::new() }))
    }

    /// One batch: `read` gives the rows of a key after a cursor, `cursor` continues after one, `renew` deals with them all.
    pub(super) fn step<R>(
        &mut self,
        read: impl FnOnce(KeyId, Option<&Cursor>) -> Batch<R>,
        cursor: impl FnOnce(&R) -> Cursor,
        renew: impl FnOnce(&Vault, KeyId, Vec<R>) -> Result<Vec<Row<Place>>>,
    ) -> Result<Step<Place>> {
        let Some(key) = self.keys.front().copied() else {
            return Ok(Step::Done(self.sweep.outcome(self.unreadable.clone())));
        };
        let rows = read(key, self.sweep.cursor()).map_err(Error::Storage)?;
        let Some(last) = rows.last().map(cursor) else {
            return self.end_pass(key).map(|()| Step::More);
        };
        match renew(&self.vault, key, rows) {
            Ok(renewed) => self.sweep.note(last, renewed),
            Err(error) => {
                // Some of them may have been written.
                self.sweep.disturb();
                return Err(error);
            }
        }
        Ok(Step::More)
    }

    fn end_pass(&mut self, key: KeyId) -> Result<()> {
        if self.sweep.is_settled() {
            if !self.sweep.has_unreadable() {
                self.vault.destroy_key(key)?;
            }
            self.keys.pop_front();
            self.unreadable.extend(self.sweep.take_unreadable());
        }
        self.sweep.begin_pass();
        Ok(())
    }
}

/// What an error says of the row at `place` whose value was to be read.
///
/// # Errors
/// The error itself, where it is not the row's.
pub(super) fn unread(place: Place, error: Error) -> Result<Row<Place>> {
    if matches!(error, Error::Erased { .. }) {
        // The owner was erased, and the value with it: nothing is left to renew.
        return Ok(Row::Settled);
    }
    let of_the_row =
        matches!(error, Error::Damaged { .. } | Error::UnknownKey { .. } | Error::DamagedKey { .. });
    if of_the_row { Ok(Row::Unreadable(place)) } else { Err(error) }
}
