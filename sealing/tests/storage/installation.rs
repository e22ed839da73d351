//! An installation with stored values, and keys that are replaced in it.

use std::sync::Arc;

use sealing::rotation::{DataRotation, IndexRotation, MasterRotation, Outcome, Step};
use sealing::{KeyId, KeyPurpose, KeyState, MasterKey, MasterKeys, Owner, Place, Plain, Result, Vault};

use crate::storage::{Storage, contact, new_vault, owner, vault};

/// Rows of a step: small, so that there are many places to be killed at.
pub(crate) const LIMIT: usize = 3;

/// One key that is replaced, in terms of the test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Replaced {
    Master,
    System,
    Contact,
    Index,
}

impl Replaced {
    pub(crate) const ALL: [Self; 4] = [Self::Master, Self::System, Self::Contact, Self::Index];

    pub(crate) fn purpose(self) -> Option<KeyPurpose> {
        match self {
            Self::Master => None,
            Self::System => Some(KeyPurpose::System),
            Self::Contact => Some(KeyPurpose::Contact(contact("1"))),
            Self::Index => Some(KeyPurpose::Index),
        }
    }

    /// Begins or resumes, and works to the end.
    pub(crate) fn run(self, vault: &Vault, storage: &Storage) -> Result<u64> {
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

pub(crate) fn reseal(vault: &Vault, storage: &Storage, owner: &Owner) -> Result<Outcome<Place>> {
    let begun = DataRotation::resume(vault.clone(), owner)?;
    let mut rotation = begun.map_or_else(|| DataRotation::begin(vault.clone(), owner), Ok)?;
    to_the_end(|| rotation.step(storage, LIMIT))
}

pub(crate) fn to_the_end<T>(mut step: impl FnMut() -> Result<Step<T>>) -> Result<Outcome<T>> {
    loop {
        if let Step::Done(outcome) = step()? {
            return Ok(outcome);
        }
    }
}

/// Stored values of three contacts and the system, and the master keys before and after a rotation.
pub(crate) struct Installation {
    pub(crate) storage: Arc<Storage>,
    pub(crate) old_master: MasterKey,
    pub(crate) new_master: MasterKey,
    pub(crate) texts: Vec<(Place, String)>,
}

impl Installation {
    pub(crate) fn new() -> Self {
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
    pub(crate) fn masters(&self, replaced: Replaced) -> MasterKeys {
        match replaced {
            Replaced::Master => MasterKeys::new(self.new_master.clone()).and(self.old_master.clone()),
            Replaced::System | Replaced::Contact | Replaced::Index => {
                MasterKeys::new(self.old_master.clone())
            }
        }
    }

    /// Every value is opened, and found by its index where it has one, by a process that has just started.
    pub(crate) fn assert_everything_is_there(&self, masters: &MasterKeys) {
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
    pub(crate) fn assert_old_key_is_gone(&self, replaced: Replaced, old: Option<KeyId>) {
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
