//! A new master key: every data key is wrapped anew. No sealed value changes.

use super::Step;
use super::sweep::{Row, Sweep};
use crate::{Error, KeyId, KeyRow, KeyState, Result, Vault, wrapping};

/// Wraps every data key with the vault's current master key.
///
/// To replace a master key, open the vault with the new key as the current one [and the old one](crate::MasterKeys::and),
/// run this to its end, then leave the old one out. Where several processes share the storage, all of them are first
/// given both keys, the old one current. A vault that lacks a key that is still needed does not open.
pub struct MasterRotation {
    vault: Vault,
    sweep: Sweep<KeyId, KeyId>,
}

impl MasterRotation {
    /// Begins, or resumes after an interruption: keys that are wrapped anew are left alone.
    #[must_use]
    pub fn new(vault: Vault) -> Self {
        Self { vault, sweep: Sweep::new() }
    }

    /// Wraps the keys among the next `limit`.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] if a key is wrapped by neither; whatever storage says. The step may be repeated.
    pub fn step(&mut self, limit: usize) -> Result<Step<KeyId>> {
        let rows = self.vault.rows_after(self.sweep.cursor, limit.max(1))?;
        if rows.is_empty() {
            return Ok(self.end_pass());
        }
        for row in rows {
            let found = self.rewrap(&row)?;
            self.sweep.note(row.id, found);
        }
        Ok(Step::More)
    }

    fn end_pass(&mut self) -> Step<KeyId> {
        let settled = self.sweep.is_settled();
        let unreadable = self.sweep.take_unreadable();
        self.sweep.begin_pass();
        if settled { Step::Done(self.sweep.outcome(unreadable)) } else { Step::More }
    }

    fn rewrap(&self, row: &KeyRow) -> Result<Row<KeyId>> {
        let current = self.vault.masters().current().id();
        if row.state == KeyState::Destroyed || row.wrapped.key_id() == Some(current) {
            return Ok(Row::Settled);
        }
        let anew = match wrapping::rewrapped(self.vault.masters(), row) {
            Ok(anew) => anew,
            Err(Error::DamagedKey { key, .. }) => return Ok(Row::Unreadable(key)),
            Err(error) => return Err(error),
        };
        Ok(if self.vault.replace_key(row, &anew)? { Row::Moved } else { Row::Changed })
    }
}
