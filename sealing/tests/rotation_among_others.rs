//! Keys are replaced while others write, erase, restore and replace, and nothing is lost.

#![cfg(test)]

#[path = "storage/installation.rs"]
mod installation;
mod storage;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use installation::{Installation, LIMIT, Replaced, reseal, to_the_end};
use sealing::rotation::{Cursor, DataRotation, IndexRotation, IndexedRow, IndexedRows, MasterRotation};
use sealing::{
    BlindIndex, Error, KeyId, KeyPurpose, KeyRow, KeyState, MasterKeys, Owner, Place, Plain, Sealed,
    StorageError, Vault, VaultOptions,
};
use storage::{Cell, NO_PHONE, Storage, contact, masters, new_vault, owner, vault};

#[test]
fn a_damaged_row_is_named_and_its_key_kept_until_it_is_restored() {
    let installation = Installation::new();
    let (storage, masters) = (&installation.storage, MasterKeys::new(installation.old_master.clone()));
    let sound = storage.cells().into_iter().find(|cell| cell.place.owner == Owner::System).unwrap();
    let mut bytes = sound.sealed.as_bytes().to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    storage.tamper_cell(Cell { sealed: Sealed::from_bytes(bytes), ..sound.clone() });

    let old = storage.current(&KeyPurpose::System);
    let vault = vault(&masters, storage);
    let outcome = reseal(&vault, storage, &Owner::System).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable), (4, vec![sound.place.clone()]));
    assert_eq!(storage.key(old).state, KeyState::Retiring);

    storage.tamper_cell(sound);
    let outcome = reseal(&vault, storage, &Owner::System).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (1, 0));
    installation.assert_old_key_is_gone(Replaced::System, Some(old));
    installation.assert_everything_is_there(&masters);
}

#[test]
fn a_person_erased_during_a_rotation_stays_erased() {
    for erase_after in 0..6 {
        let installation = Installation::new();
        let storage = &installation.storage;
        let vault = vault(&MasterKeys::new(installation.old_master.clone()), storage);
        let mut rotation = DataRotation::begin(vault.clone(), &owner("1")).unwrap();
        for _ in 0..erase_after {
            rotation.step(storage.as_ref(), 1).unwrap();
        }
        vault.destroy_contact_keys(&contact("1")).unwrap();
        let outcome = to_the_end(|| rotation.step(storage.as_ref(), 1)).unwrap();
        assert!(outcome.unreadable.is_empty());
        for cell in storage.cells() {
            let opened = vault.open(&cell.place, &cell.sealed);
            let erased = cell.place.owner == owner("1");
            assert_eq!(matches!(opened, Err(Error::Erased { .. })), erased, "{}", cell.place);
        }
        assert!(matches!(DataRotation::begin(vault, &owner("1")), Err(Error::ContactErased { .. })));
    }
}

#[test]
fn of_two_processes_that_begin_at_once_one_begins() {
    let (masters, storage) = (masters(), Storage::new());
    let vaults = [new_vault(&masters, &storage), vault(&masters, &storage)];
    // Both have seen the same current key.
    vaults.iter().for_each(|vault| drop(vault.seal(&Place::of_system("t", "c", "1"), &Plain::from("值"))));
    assert!(DataRotation::begin(vaults[0].clone(), &Owner::System).is_ok());
    let second = DataRotation::begin(vaults[1].clone(), &Owner::System);
    assert!(matches!(second.err(), Some(Error::Contended)));
    assert!(DataRotation::resume(vaults[1].clone(), &Owner::System).unwrap().is_some());
    assert_eq!(storage.keys().iter().filter(|row| row.purpose == KeyPurpose::System).count(), 2);
}

#[test]
fn a_value_sealed_before_a_rotation_is_refused_after_it_and_would_be_lost() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let vault = vault(&installation.masters(Replaced::System), storage);
    let place = Place::of_system("channels", "secret", "late");
    let cell = |sealed| Cell { place: place.clone(), sealed, index: None };
    let early = vault.seal(&place, &Plain::from("值")).unwrap();

    let mut rotation = DataRotation::begin(vault.clone(), &Owner::System).unwrap();
    assert!(!storage.write(cell(early.clone())).unwrap(), "written under a retiring key");
    to_the_end(|| rotation.step(storage.as_ref(), LIMIT)).unwrap();
    assert!(!storage.write(cell(early.clone())).unwrap(), "written under a destroyed key");
    assert!(matches!(vault.open(&place, &early), Err(Error::Erased { .. })));

    storage.seal_and_write(&vault, &place, "值", false);
    let stored = storage.cells().into_iter().find(|cell| cell.place == place).unwrap();
    assert_eq!(vault.open(&place, &stored.sealed).unwrap().expose_text(), Some("值"));
}

#[test]
fn a_row_restored_behind_the_cursor_is_found_by_the_next_pass() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let masters = installation.masters(Replaced::System);
    let old = storage.current(&KeyPurpose::System);
    let first = storage.cells().into_iter().find(|cell| cell.place.owner == Owner::System).unwrap();
    let mut rotation = DataRotation::begin(vault(&masters, storage), &Owner::System).unwrap();
    rotation.step(storage.as_ref(), LIMIT).unwrap();
    storage.tamper_cell(first);
    let outcome = to_the_end(|| rotation.step(storage.as_ref(), LIMIT)).unwrap();
    assert_eq!(outcome.moved, 6);
    installation.assert_old_key_is_gone(Replaced::System, Some(old));
    installation.assert_everything_is_there(&masters);
}

#[test]
fn keys_that_others_create_under_the_old_master_key_are_wrapped_anew_too() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let old_first = MasterKeys::new(installation.old_master.clone()).and(installation.new_master.clone());
    let other = vault(&old_first, storage);
    let mut rotation = MasterRotation::new(vault(&installation.masters(Replaced::Master), storage));
    rotation.step(LIMIT).unwrap();
    // Ids are random: of forty, some lie behind the cursor.
    (10..50).for_each(|id| other.create_contact_key(&contact(&id.to_string())).unwrap());
    let outcome = to_the_end(|| rotation.step(LIMIT)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (45, 0));
    installation.assert_old_key_is_gone(Replaced::Master, None);
}

#[test]
fn a_damaged_key_is_named_and_the_others_are_wrapped_anew() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let [damaged, other] = ["1", "2"].map(|id| storage.current(&KeyPurpose::Contact(contact(id))));
    storage.tamper_key(KeyRow { canary: storage.key(other).canary, ..storage.key(damaged) });
    let mut rotation = MasterRotation::new(vault(&installation.masters(Replaced::Master), storage));
    let outcome = to_the_end(|| rotation.step(LIMIT)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable), (4, vec![damaged]));
}

/// Storage whose values another rotation seals anew just before the first index is written.
struct Overtaken<'a> {
    storage: &'a Storage,
    vault: &'a Vault,
    over: AtomicBool,
}

impl IndexedRows for Overtaken<'_> {
    fn indexed_after(
        &self,
        key: KeyId,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Vec<IndexedRow>, StorageError> {
        self.storage.indexed_after(key, after, limit)
    }

    fn replace_each_index(&self, renewed: &[(IndexedRow, BlindIndex)]) -> Result<Vec<bool>, StorageError> {
        for (row, _) in renewed {
            if !self.over.swap(true, Ordering::Relaxed) {
                reseal(self.vault, self.storage, &row.place.owner)?;
            }
        }
        self.storage.replace_each_index(renewed)
    }

    fn indexed_value(&self, field: &str, opened: &Plain) -> Option<Plain> {
        self.storage.indexed_value(field, opened)
    }
}

#[test]
fn a_row_changed_between_reading_and_writing_is_found_by_the_next_pass() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let masters = installation.masters(Replaced::Index);
    let vault = vault(&masters, storage);
    let old = storage.current(&KeyPurpose::Index);
    let mut rotation = IndexRotation::begin(vault.clone()).unwrap();
    let overtaken = Overtaken { storage, vault: &vault, over: AtomicBool::new(false) };
    // One row a step, so that a pass over what is left writes nothing after the row that was overtaken.
    storage.cells().iter().filter(|cell| cell.index.is_some()).skip(1).for_each(|cell| {
        storage.tamper_cell(Cell { index: None, ..cell.clone() });
    });
    let outcome = to_the_end(|| rotation.step(&overtaken, 1)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (1, 0));
    installation.assert_old_key_is_gone(Replaced::Index, Some(old));
    installation.assert_everything_is_there(&masters);
}

#[test]
fn an_index_of_a_value_that_does_not_hold_the_field_is_named_and_its_key_kept() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let masters = installation.masters(Replaced::Index);
    let vault = vault(&masters, storage);
    let old = storage.current(&KeyPurpose::Index);
    let cell = storage.cells().into_iter().find(|cell| cell.index.is_some()).unwrap();
    let empty = vault.seal(&cell.place, &Plain::from(NO_PHONE)).unwrap();
    storage.tamper_cell(Cell { sealed: empty, ..cell.clone() });
    let mut rotation = IndexRotation::begin(vault.clone()).unwrap();
    let outcome = to_the_end(|| rotation.step(storage.as_ref(), LIMIT)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable), (2, vec![cell.place.clone()]));
    assert_eq!(storage.key(old).state, KeyState::Retiring);

    storage.tamper_cell(cell);
    let mut rotation = IndexRotation::resume(vault).unwrap().unwrap();
    let outcome = to_the_end(|| rotation.step(storage.as_ref(), LIMIT)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (1, 0));
    installation.assert_old_key_is_gone(Replaced::Index, Some(old));
    installation.assert_everything_is_there(&masters);
}

#[test]
fn another_process_seals_with_the_new_key_when_its_own_is_too_old_or_forgotten() {
    let (masters, storage) = (masters(), Storage::new());
    let first = new_vault(&masters, &storage);
    let place = Place::of_system("t", "c", "1");
    let key_of = |vault: &Vault| vault.seal(&place, &Plain::from("值")).unwrap().key_id().unwrap();
    let [patient, impatient, resuming] = [3_600, 0, 3_600].map(|seconds| {
        let options = VaultOptions { cache_age: Duration::from_secs(seconds), ..VaultOptions::default() };
        Vault::start(masters.clone(), storage.clone(), &options).unwrap().0
    });
    let old = key_of(&first);
    assert!([&patient, &impatient, &resuming].iter().all(|vault| key_of(vault) == old));
    drop(DataRotation::begin(first.clone(), &Owner::System).unwrap());
    let new = storage.current(&KeyPurpose::System);
    assert_eq!([&first, &patient, &impatient].map(&key_of), [new, old, new]);
    drop(DataRotation::resume(resuming.clone(), &Owner::System).unwrap());
    patient.forget_keys();
    assert_eq!([&resuming, &patient].map(key_of), [new, new]);
}

#[test]
fn a_destroyed_key_that_is_still_remembered_is_looked_up_again() {
    let (masters, storage) = (masters(), Storage::new());
    let [first, second] = [new_vault(&masters, &storage), vault(&masters, &storage)];
    let (place, secret) = (Place::of_contact(contact("1"), "t", "c", "1"), Place::of_system("t", "c", "1"));
    first.create_contact_key(&contact("1")).unwrap();
    let sealed = first.seal(&secret, &Plain::from("值")).unwrap();
    let options = VaultOptions { cached_keys: std::num::NonZeroUsize::MIN, ..VaultOptions::default() };
    let small = Vault::start(masters, storage.clone(), &options).unwrap().0;
    for vault in [&second, &small] {
        assert_eq!(vault.seal(&place, &Plain::from("值")).unwrap().key_id(), first_key(&storage));
        // The small one holds this key now, and remembers only the id of the contact's.
        vault.open(&secret, &sealed).unwrap();
    }
    reseal(&first, &storage, &owner("1")).unwrap();
    let new = small.seal(&place, &Plain::from("值")).unwrap();
    assert_eq!(new.key_id(), Some(storage.current(&KeyPurpose::Contact(contact("1")))));
}

fn first_key(storage: &Storage) -> Option<KeyId> {
    Some(storage.current(&KeyPurpose::Contact(contact("1"))))
}

/// Writes indexed values of a contact and of the system in turn, some hundreds a second.
fn write_until(over: &AtomicBool, storage: &Storage, vault: &Vault, number: usize) -> Vec<(Place, String)> {
    let mut written = Vec::new();
    while !over.load(Ordering::Relaxed) {
        let row = format!("w{number}-{}", written.len());
        let owner = if written.len() % 2 == 0 { Owner::System } else { owner("1") };
        let place = Place { owner, ..Place::of_system("contacts", "phone", row.as_str()) };
        storage.seal_and_write(vault, &place, &row, true);
        written.push((place, row));
        std::thread::sleep(Duration::from_millis(2));
    }
    written
}

#[test]
fn writers_in_other_threads_and_processes_lose_nothing_while_every_key_is_replaced() {
    let installation = Installation::new();
    let (storage, masters) = (&installation.storage, installation.masters(Replaced::Master));
    let (rotating, other) = (vault(&masters, storage), vault(&masters, storage));
    let writers = [rotating.clone(), other];
    let over = AtomicBool::new(false);
    let written: Vec<(Place, String)> = std::thread::scope(|scope| {
        let write = |(number, vault)| {
            let over = &over;
            scope.spawn(move || write_until(over, storage, vault, number))
        };
        let threads: Vec<_> = (0..).zip(&writers).map(write).collect();
        let replaced = (0..5).flat_map(|_| Replaced::ALL).try_for_each(|replaced| {
            std::thread::sleep(Duration::from_millis(10));
            replaced.run(&rotating, storage).map(drop)
        });
        // Before anything is asserted: the scope waits for the writers.
        over.store(true, Ordering::Relaxed);
        replaced.unwrap();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(written.len() > 20, "only {} values written meanwhile", written.len());

    let texts = [installation.texts.clone(), written].concat();
    let installation = Installation { storage: storage.clone(), texts, ..installation };
    installation.assert_everything_is_there(&masters);
    let live = storage.keys().into_iter().filter(|row| row.state != KeyState::Destroyed);
    assert!(live.clone().all(|row| row.state == KeyState::Current), "a key was left behind");
    let live: Vec<_> = live.map(|row| row.id).collect();
    for cell in storage.cells() {
        assert!(live.contains(&cell.sealed.key_id().unwrap()));
        assert!(cell.index.is_none_or(|index| live.contains(&index.key_id())));
    }
}
