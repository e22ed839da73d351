//! Whether every stored key can be used, and how many there are.

use super::Vault;
use crate::{Error, KeyId, KeyPurpose, KeyRow, KeyState, Result, wrapping};

/// Keys read from storage at once.
const BATCH: usize = 1_000;

/// Keys of one kind, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCount {
    /// Seal and open.
    pub current: u64,
    /// Open; being replaced.
    pub retiring: u64,
    /// Gone.
    pub destroyed: u64,
}

/// What a look at every stored key found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyCheck {
    /// Keys of contacts.
    pub contact: KeyCount,
    /// Keys of the system.
    pub system: KeyCount,
    /// Keys of blind indexes.
    pub index: KeyCount,
    /// Keys that another master key than the current one wraps: not 0 while the master key is being replaced.
    pub under_other_masters: u64,
    /// Keys whose canary was opened.
    pub opened: u64,
    /// Keys whose stored form does not open: to be restored from a backup.
    pub damaged: Vec<KeyId>,
}

impl Vault {
    /// Looks at every stored key and opens its canary. Writes nothing.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] for the first key that no master key of this vault wraps; whatever storage says.
    pub fn check_keys(&self) -> Result<KeyCheck> {
        self.check_first(usize::MAX)
    }

    /// The same, but opens the canaries of `contact_keys` contacts' keys at most.
    pub(super) fn check_first(&self, contact_keys: usize) -> Result<KeyCheck> {
        let mut check = KeyCheck::default();
        let mut left = contact_keys;
        let mut after = None;
        loop {
            let rows = self.rows_after(after, BATCH)?;
            let Some(last) = rows.last() else { return Ok(check) };
            after = Some(last.id);
            for row in &rows {
                self.check_row(row, &mut left, &mut check)?;
            }
        }
    }

    fn check_row(&self, row: &KeyRow, left: &mut usize, check: &mut KeyCheck) -> Result<()> {
        check.count(row);
        if row.state == KeyState::Destroyed {
            return Ok(());
        }
        if let Some(wrapped_by) = row.wrapped.key_id() {
            let master = self.masters().with_id(wrapped_by);
            let master = master.ok_or(Error::WrongMasterKey { key: row.id, wrapped_by })?;
            check.under_other_masters += u64::from(master.id() != self.masters().current().id());
        }
        if matches!(row.purpose, KeyPurpose::Contact(_)) {
            let Some(rest) = left.checked_sub(1) else { return Ok(()) };
            *left = rest;
        }
        match wrapping::unwrap(self.masters(), row) {
            Ok(_) => check.opened += 1,
            Err(Error::DamagedKey { key, .. }) => check.damaged.push(key),
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl KeyCheck {
    fn count(&mut self, row: &KeyRow) {
        let kind = match row.purpose {
            KeyPurpose::Contact(_) => &mut self.contact,
            KeyPurpose::System => &mut self.system,
            KeyPurpose::Index => &mut self.index,
        };
        match row.state {
            KeyState::Current => kind.current += 1,
            KeyState::Retiring => kind.retiring += 1,
            KeyState::Destroyed => kind.destroyed += 1,
        }
    }
}
