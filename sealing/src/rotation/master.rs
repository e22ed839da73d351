//! A new master key: every data key is wrapped anew. No sealed value changes.

use super::Step;
use super::sweep::{Row, Sweep, written};
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
        let rows = self.vault.rows_after(self.sweep.cursor().copied(), limit.max(1))?;
        let Some(last) = rows.last().map(|row| row.id) else { return Ok(self.end_pass()) };
        match self.rewrap(rows) {
            Ok(rewrapped) => self.sweep.note(last, rewrapped),
            Err(error) => {
                // Some of them may have been written.
                self.sweep.disturb();
                return Err(error);
            }
        }
        Ok(Step::More)
    }

    fn end_pass(&mut self) -> Step<KeyId> {
        let settled = self.sweep.is_settled();
        let unreadable = self.sweep.take_unreadable();
        self.sweep.begin_pass();
        if settled { Step::Done(self.sweep.outcome(unreadable)) } else { Step::More }
    }

    fn rewrap(&self, rows: Vec<KeyRow>) -> Result<Vec<Row<KeyId>>> {
        let current = self.vault.masters().current().id();
        let (mut outcomes, mut rewrapped) = (Vec::new(), Vec::new());
        for row in rows {
            if row.state == KeyState::Destroyed || row.wrapped.key_id() == Some(current) {
                outcomes.push(Row::Settled);
                continue;
            }
            match wrapping::rewrapped(self.vault.masters(), &row) {
                Ok(anew) => rewrapped.push((row, anew)),
                Err(Error::DamagedKey { key, .. }) => outcomes.push(Row::Unreadable(key)),
                Err(error) => return Err(error),
            }
        }
        let replaced = self.vault.replace_keys(&rewrapped)?;
        outcomes.extend(written(&replaced, rewrapped.len()));
        Ok(outcomes)
    }
}
