//! Keys of every kind are replaced under interruptions and writers, and nothing is lost.

#![cfg(test)]

mod storage;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sealing::rotation::{DataRotation, IndexRotation, MasterRotation, Outcome, Step};
use sealing::{
    Error, KeyPurpose, KeyState, MasterKey, MasterKeys, Owner, Place, Plain, Result, Sealed, Vault,
    VaultOptions,
};
use storage::{Cell, Kill, Storage, contact, masters, new_vault, owner, vault};

/// Rows of a step: small, so that there are many places to be killed at.
const LIMIT: usize = 3;

/// One key that is replaced, in terms of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Replaced {
    Master,
    System,
    Contact,
    Index,
}

impl Replaced {
    const ALL: [Self; 4] = [Self::Master, Self::System, Self::Contact, Self::Index];

    fn purpose(self) -> Option<KeyPurpose> {
        match self {
            Self::Master => None,
            Self::System => Some(KeyPurpose::System),
            Self::Contact => Some(KeyPurpose::Contact(contact("1"))),
            Self::Index => Some(KeyPurpose::Index),
        }
    }

    /// Begins or resumes, and works to the end.
    fn run(self, vault: &Vault, storage: &Storage) -> Result<u64> {
        match self {
            Self::Master => {
                let mut rotation = MasterRotation::new(vault.clone());
                to_the_end(|| rotation.step(LIMIT)).map(|outcome| outcome.moved)
            }
            Self::Index => {
                let begun = IndexRotation::resume(vault.clone())?;
                let mut rotation = begun.map_or_else(|| IndexRotation::begin(vault.clone()), Ok)?;
                to_the_end(|| rotation.step(storage, LIMIT)).map(|outcome| outcome.moved)
            }
            Self::System => reseal(vault, storage, &Owner::System).map(|outcome| outcome.moved),
            Self::Contact => reseal(vault, storage, &owner("1")).map(|outcome| outcome.moved),
        }
    }
}

fn reseal(vault: &Vault, storage: &Storage, owner: &Owner) -> Result<Outcome<Place>> {
    let begun = DataRotation::resume(vault.clone(), owner)?;
    let mut rotation = begun.map_or_else(|| DataRotation::begin(vault.clone(), owner), Ok)?;
    to_the_end(|| rotation.step(storage, LIMIT))
}

fn to_the_end<T>(mut step: impl FnMut() -> Result<Step<T>>) -> Result<Outcome<T>> {
    loop {
        if let Step::Done(outcome) = step()? {
            return Ok(outcome);
        }
    }
}

/// Stored values of three contacts and the system, and the master keys before and after a rotation.
struct Installation {
    storage: Arc<Storage>,
    old_master: MasterKey,
    new_master: MasterKey,
    texts: Vec<(Place, String)>,
}

impl Installation {
    fn new() -> Self {
        let [old_master, new_master] = [(); 2].map(|()| MasterKey::generate().unwrap());
        let storage = Storage::new();
        let vault = new_vault(&MasterKeys::new(old_master.clone()), &storage);
        let mut texts = Vec::new();
        for id in ["1", "2", "3"] {
            vault.create_contact_key(&contact(id)).unwrap();
            let phone = Place::of_contact(contact(id), "contacts", "phone", id);
            texts.push((phone, format!("1380013800{id}")));
            for row in 0..4 {
                let place = Place::of_contact(contact(id), "messages", "body", format!("{id}-{row}"));
                texts.push((place.in_conversation(id), format!("消息 {id} {row}")));
            }
        }
        for row in 0..5 {
            texts.push((Place::of_system("channels", "secret", row.to_string()), format!("secret {row}")));
        }
        for (place, text) in &texts {
            storage.seal_and_write(&vault, place, text, place.column == "phone");
        }
        Self { storage, old_master, new_master, texts }
    }

    /// The master keys that a process is given during a rotation of this kind.
    fn masters(&self, replaced: Replaced) -> MasterKeys {
        match replaced {
            Replaced::Master => MasterKeys::new(self.new_master.clone()).and(self.old_master.clone()),
            Replaced::System | Replaced::Contact | Replaced::Index => {
                MasterKeys::new(self.old_master.clone())
            }
        }
    }

    /// Every value is opened, and found by its index where it has one, by a process that has just started.
    fn assert_everything_is_there(&self, masters: &MasterKeys) {
        let vault = vault(masters, &self.storage);
        let cells = self.storage.cells();
        assert_eq!(cells.len(), self.texts.len());
        for (place, text) in &self.texts {
            let cell = cells.iter().find(|cell| cell.place == *place).unwrap();
            assert_eq!(vault.open(place, &cell.sealed).unwrap().expose_text(), Some(text.as_str()));
            if cell.index.is_some() {
                let indexes = vault.lookup_indexes("phone", &Plain::from(text.as_str())).unwrap();
                assert_eq!(self.storage.find(&indexes), std::slice::from_ref(place));
            }
        }
    }

    /// Nothing is left under the key that was current before.
    fn assert_old_key_is_gone(&self, replaced: Replaced, old: Option<sealing::KeyId>) {
        let Some(old) = old else {
            let old = self.old_master.id();
            assert!(self.storage.keys().iter().all(|row| row.wrapped.key_id() != Some(old)));
            let alone = MasterKeys::new(self.new_master.clone());
            return self.assert_everything_is_there(&alone);
        };
        assert_eq!(self.storage.key(old).state, KeyState::Destroyed, "{replaced:?}");
        assert_ne!(Some(old), replaced.purpose().map(|purpose| self.storage.current(&purpose)));
        for cell in self.storage.cells() {
            assert_ne!(cell.sealed.key_id(), Some(old), "{}", cell.place);
            assert_ne!(cell.index.map(|index| index.key_id()), Some(old), "{}", cell.place);
        }
    }
}

/// Starts a process that is killed at `kill`, if it comes so far. True if it was killed.
fn killed(installation: &Installation, replaced: Replaced, kill: Kill) -> bool {
    let masters = installation.masters(replaced);
    installation.storage.kill(kill);
    let result = Vault::start(masters.clone(), installation.storage.clone(), &VaultOptions::default())
        .and_then(|(vault, _)| replaced.run(&vault, &installation.storage));
    let killed = installation.storage.restart();
    assert_eq!(result.is_err(), killed, "{replaced:?} {kill:?}");
    installation.assert_everything_is_there(&masters);
    killed
}

#[test]
fn a_process_killed_at_any_call_loses_nothing_and_its_successor_finishes() {
    for replaced in Replaced::ALL {
        for after_effect in [false, true] {
            let mut calls = 0;
            for at_call in 1.. {
                let installation = Installation::new();
                let old = replaced.purpose().map(|purpose| installation.storage.current(&purpose));
                let was_killed = killed(&installation, replaced, Kill { at_call, after_effect });
                if was_killed {
                    calls = at_call;
                    let masters = installation.masters(replaced);
                    replaced.run(&vault(&masters, &installation.storage), &installation.storage).unwrap();
                }
                installation.assert_everything_is_there(&installation.masters(replaced));
                installation.assert_old_key_is_gone(replaced, old);
                if !was_killed {
                    break;
                }
            }
            assert!(calls > 10, "{replaced:?}: killed at {calls} calls only");
        }
    }
}

#[test]
fn processes_killed_again_and_again_lose_nothing_and_the_last_one_finishes() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for replaced in Replaced::ALL {
        for _ in 0..10 {
            let installation = Installation::new();
            let old = replaced.purpose().map(|purpose| installation.storage.current(&purpose));
            for _ in 0..20 {
                let kill = Kill { at_call: random.random_range(1..25), after_effect: random.random() };
                killed(&installation, replaced, kill);
            }
            let masters = installation.masters(replaced);
            replaced.run(&vault(&masters, &installation.storage), &installation.storage).unwrap();
            installation.assert_everything_is_there(&masters);
            installation.assert_old_key_is_gone(replaced, old);
        }
    }
}

#[test]
fn a_step_that_failed_may_be_repeated() {
    for at_call in 1..30 {
        let installation = Installation::new();
        let vault = vault(&MasterKeys::new(installation.old_master.clone()), &installation.storage);
        let old = installation.storage.current(&KeyPurpose::System);
        let mut rotation = DataRotation::begin(vault, &Owner::System).unwrap();
        installation.storage.kill(Kill { at_call, after_effect: true });
        let outcome = loop {
            match rotation.step(installation.storage.as_ref(), LIMIT) {
                Ok(Step::Done(outcome)) => break outcome,
                Ok(Step::More) => {}
                Err(_) => assert!(installation.storage.restart()),
            }
        };
        installation.storage.restart();
        assert!(outcome.unreadable.is_empty() && outcome.moved <= 5, "{outcome:?}");
        installation.assert_old_key_is_gone(Replaced::System, Some(old));
    }
}

#[test]
fn old_and_new_master_keys_are_both_needed_only_meanwhile() {
    let installation = Installation::new();
    let both = installation.masters(Replaced::Master);
    let mut rotation = MasterRotation::new(vault(&both, &installation.storage));
    rotation.step(2).unwrap();
    for only in [&installation.old_master, &installation.new_master] {
        let masters = MasterKeys::new(only.clone());
        let refused = Vault::start(masters, installation.storage.clone(), &VaultOptions::default());
        assert!(matches!(refused.err(), Some(Error::WrongMasterKey { .. })));
    }
    assert_eq!(vault(&both, &installation.storage).check_keys().unwrap().under_other_masters, 3);
    let outcome = to_the_end(|| rotation.step(2)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (5, 0));
    installation.assert_old_key_is_gone(Replaced::Master, None);
    let old = MasterKeys::new(installation.old_master.clone());
    let refused = Vault::start(old, installation.storage.clone(), &VaultOptions::default());
    assert!(matches!(refused.err(), Some(Error::WrongMasterKey { .. })));
}

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
