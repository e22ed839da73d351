//! Storage in memory, which can stop at any call as a process does that is killed.

#![expect(dead_code, reason = "each test crate uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sealing::rotation::{Cursor, IndexedRow, IndexedRows, SealedRow, SealedRows};
use sealing::{
    BlindIndex, ContactId, KeyId, KeyPurpose, KeyRow, KeyRows, KeyState, MasterKey, MasterKeys, Owner, Place,
    Plain, Sealed, StorageError, Vault, VaultOptions,
};

/// The one field that is indexed.
pub(crate) const PHONE: &str = "phone";

/// A value in which that field is not.
pub(crate) const NO_PHONE: &str = "no phone";

type Stored<T> = std::result::Result<T, StorageError>;

/// When the process is killed: at the nth call from now, before or after the call took effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kill {
    pub(crate) at_call: usize,
    pub(crate) after_effect: bool,
}

/// A stored value, with the index that finds it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) place: Place,
    pub(crate) sealed: Sealed,
    pub(crate) index: Option<BlindIndex>,
}

#[derive(Default)]
struct State {
    keys: BTreeMap<KeyId, KeyRow>,
    cells: BTreeMap<String, Cell>,
    kill: Option<Kill>,
    dead: bool,
    writes: usize,
}

/// Keys and cells behind one lock, each call a transaction.
#[derive(Default)]
pub(crate) struct Storage(Mutex<State>);

impl Storage {
    pub(crate) fn new() -> Arc<Self> {
        Arc::default()
    }

    /// From now on the nth call is the last one.
    pub(crate) fn kill(&self, kill: Kill) {
        self.lock().kill = Some(kill);
    }

    /// Whether the process was killed since; a new one starts on what is stored.
    pub(crate) fn restart(&self) -> bool {
        let mut state = self.lock();
        state.kill = None;
        std::mem::take(&mut state.dead)
    }

    /// Calls that changed something.
    pub(crate) fn writes(&self) -> usize {
        self.lock().writes
    }

    pub(crate) fn keys(&self) -> Vec<KeyRow> {
        self.lock().keys.values().cloned().collect()
    }

    pub(crate) fn cells(&self) -> Vec<Cell> {
        self.lock().cells.values().cloned().collect()
    }

    pub(crate) fn key(&self, id: KeyId) -> KeyRow {
        self.lock().keys[&id].clone()
    }

    pub(crate) fn current(&self, purpose: &KeyPurpose) -> KeyId {
        let current = |row: &&KeyRow| row.purpose == *purpose && row.state == KeyState::Current;
        self.keys().iter().find(current).unwrap().id
    }

    /// Puts a key row as an attacker or a failing disk would.
    pub(crate) fn tamper_key(&self, row: KeyRow) {
        self.lock().keys.insert(row.id, row);
    }

    /// Puts a cell as an attacker or a failing disk would.
    pub(crate) fn tamper_cell(&self, cell: Cell) {
        self.lock().cells.insert(name(&cell.place), cell);
    }

    /// Writes a cell. False where the fence refuses it: a key is no longer current.
    pub(crate) fn write(&self, cell: Cell) -> Stored<bool> {
        self.transaction(|state| {
            let indexed = cell.index.is_none_or(|index| state.is_current(index.key_id()));
            if !indexed || !cell.sealed.key_id().is_some_and(|key| state.is_current(key)) {
                return (false, false);
            }
            state.cells.insert(name(&cell.place), cell);
            (true, true)
        })
    }

    /// Seals and writes, and again if the key has been replaced meanwhile.
    pub(crate) fn seal_and_write(&self, vault: &Vault, place: &Place, text: &str, indexed: bool) {
        loop {
            let sealed = vault.seal(place, &Plain::from(text)).unwrap();
            let index = indexed.then(|| vault.blind_index(PHONE, &Plain::from(text)).unwrap());
            if self.write(Cell { place: place.clone(), sealed, index }).unwrap() {
                return;
            }
            vault.forget_keys();
        }
    }

    /// The cells that one of these indexes finds.
    pub(crate) fn find(&self, indexes: &[BlindIndex]) -> Vec<Place> {
        let found = |cell: &Cell| cell.index.is_some_and(|index| indexes.contains(&index));
        self.cells().into_iter().filter(found).map(|cell| cell.place).collect()
    }

    /// Runs one call: `effect` returns whether it changed something, and the answer.
    fn transaction<T>(&self, effect: impl FnOnce(&mut State) -> (bool, T)) -> Stored<T> {
        let mut state = self.lock();
        if state.dead {
            return Err("the process is dead".into());
        }
        let last = match &mut state.kill {
            Some(kill) => {
                kill.at_call = kill.at_call.saturating_sub(1);
                (kill.at_call == 0).then_some(kill.after_effect)
            }
            None => None,
        };
        state.dead = last.is_some();
        if last == Some(false) {
            return Err("killed before the call".into());
        }
        let (changed, answer) = effect(&mut state);
        state.writes += usize::from(changed);
        if last == Some(true) { Err("killed after the call".into()) } else { Ok(answer) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_current(&self, id: KeyId) -> bool {
        self.keys.get(&id).is_some_and(|row| row.state == KeyState::Current)
    }

    fn after(&self, after: Option<&Cursor>) -> impl Iterator<Item = (&String, &Cell)> {
        let after = after.map(|cursor| String::from_utf8(cursor.0.clone()).unwrap());
        self.cells.iter().filter(move |(name, _)| after.as_ref().is_none_or(|after| *name > after))
    }
}

impl KeyRows for Storage {
    fn load(&self, id: KeyId) -> Stored<Option<KeyRow>> {
        self.transaction(|state| (false, state.keys.get(&id).cloned()))
    }

    fn of_purpose(&self, purpose: &KeyPurpose) -> Stored<Vec<KeyRow>> {
        let of = |state: &State| {
            state.keys.values().filter(|row| row.purpose == *purpose).cloned().collect::<Vec<_>>()
        };
        self.transaction(|state| (false, of(state)))
    }

    fn after(&self, after: Option<KeyId>, limit: usize) -> Stored<Vec<KeyRow>> {
        self.transaction(|state| {
            let rows = state.keys.values().filter(|row| after.is_none_or(|after| row.id > after));
            (false, rows.take(limit).cloned().collect())
        })
    }

    fn add(&self, row: &KeyRow, succeeds: Option<KeyId>) -> Stored<bool> {
        self.transaction(|state| {
            let of_purpose = state.keys.values().filter(|other| other.purpose == row.purpose);
            let current: Vec<KeyId> =
                of_purpose.filter(|row| row.state == KeyState::Current).map(|row| row.id).collect();
            let expected: Vec<KeyId> = succeeds.into_iter().collect();
            if current != expected || state.keys.contains_key(&row.id) {
                return (false, false);
            }
            if let Some(old) = succeeds.and_then(|old| state.keys.get_mut(&old)) {
                old.state = KeyState::Retiring;
            }
            state.keys.insert(row.id, row.clone());
            (true, true)
        })
    }

    fn replace_each(&self, rows: &[(KeyRow, KeyRow)]) -> Stored<Vec<bool>> {
        let replace = |(expected, row): &(KeyRow, KeyRow)| {
            self.transaction(|state| {
                if state.keys.get(&expected.id) != Some(expected) {
                    return (false, false);
                }
                state.keys.insert(row.id, row.clone());
                (true, true)
            })
        };
        rows.iter().map(replace).collect()
    }
}

/// Gives every cell, whichever key is asked for, as storage without an index on the keys would.
impl SealedRows for Storage {
    fn sealed_after(&self, _key: KeyId, after: Option<&Cursor>, limit: usize) -> Stored<Vec<SealedRow>> {
        self.transaction(|state| {
            let rows = state.after(after).map(|(name, cell)| SealedRow {
                cursor: Cursor(name.clone().into_bytes()),
                place: cell.place.clone(),
                sealed: cell.sealed.clone(),
            });
            (false, rows.take(limit).collect())
        })
    }

    fn replace_each_sealed(&self, renewed: &[(SealedRow, Sealed)]) -> Stored<Vec<bool>> {
        let replace = |(row, sealed): &(SealedRow, Sealed)| {
            self.transaction(|state| {
                let current = sealed.key_id().is_some_and(|key| state.is_current(key));
                let cell = state.cells.get_mut(&name(&row.place)).filter(|cell| cell.sealed == row.sealed);
                let Some(cell) = cell.filter(|_| current) else { return (false, false) };
                cell.sealed = sealed.clone();
                (true, true)
            })
        };
        renewed.iter().map(replace).collect()
    }
}

/// Gives every index, whichever key is asked for.
impl IndexedRows for Storage {
    fn indexed_after(&self, _key: KeyId, after: Option<&Cursor>, limit: usize) -> Stored<Vec<IndexedRow>> {
        self.transaction(|state| {
            let indexed = state.after(after).filter_map(|(name, cell)| Some((name, cell, cell.index?)));
            let rows = indexed.map(|(name, cell, index)| {
                let cursor = Cursor(name.clone().into_bytes());
                let (place, sealed) = (cell.place.clone(), cell.sealed.clone());
                IndexedRow { cursor, field: String::from(PHONE), index, place, sealed }
            });
            (false, rows.take(limit).collect())
        })
    }

    fn replace_each_index(&self, renewed: &[(IndexedRow, BlindIndex)]) -> Stored<Vec<bool>> {
        let replace = |(row, index): &(IndexedRow, BlindIndex)| {
            self.transaction(|state| {
                let current = state.is_current(index.key_id());
                let unchanged = |cell: &&mut Cell| cell.index == Some(row.index) && cell.sealed == row.sealed;
                let cell = state.cells.get_mut(&name(&row.place)).filter(unchanged);
                let Some(cell) = cell.filter(|_| current) else { return (false, false) };
                cell.index = Some(*index);
                (true, true)
            })
        };
        renewed.iter().map(replace).collect()
    }

    /// A value is a text without anything around it, but for the mark of one that holds no telephone number.
    fn indexed_value(&self, field: &str, opened: &Plain) -> Option<Plain> {
        let holds = field == PHONE && opened.expose_text() != Some(NO_PHONE);
        holds.then(|| opened.clone())
    }
}

fn name(place: &Place) -> String {
    place.to_string()
}

pub(crate) fn contact(id: &str) -> ContactId {
    ContactId::new(id).unwrap()
}

pub(crate) fn masters() -> MasterKeys {
    MasterKeys::new(MasterKey::generate().unwrap())
}

/// A vault on new storage, as after the first start.
pub(crate) fn new_vault(masters: &MasterKeys, storage: &Arc<Storage>) -> Vault {
    Vault::initialise(masters.clone(), storage.clone(), &VaultOptions::default()).unwrap().0
}

/// A vault on existing storage, as after any other start.
pub(crate) fn vault(masters: &MasterKeys, storage: &Arc<Storage>) -> Vault {
    Vault::start(masters.clone(), storage.clone(), &VaultOptions::default()).unwrap().0
}

pub(crate) fn owner(id: &str) -> Owner {
    Owner::Contact(contact(id))
}
