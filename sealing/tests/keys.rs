//! Keys from the first start to the erasure of a person.

#![cfg(test)]

mod storage;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use sealing::{Error, KeyPurpose, KeyRow, KeyState, MasterKeys, Place, Plain, Result, Vault, VaultOptions};
use storage::{Kill, Storage, contact, masters, new_vault, vault};

fn phone(id: &str) -> Place {
    Place::of_contact(contact(id), "contacts", "phone", id)
}

fn start(masters: &MasterKeys, storage: &Arc<Storage>) -> Result<Vault> {
    Vault::start(masters.clone(), storage.clone(), &VaultOptions::default()).map(|(vault, _)| vault)
}

#[test]
fn what_is_sealed_is_opened_after_a_restart() {
    let (masters, storage) = (masters(), Storage::new());
    let secret = Place::of_system("channels", "secret", "1");
    let before = new_vault(&masters, &storage);
    before.create_contact_key(&contact("7")).unwrap();
    let sealed = [phone("7"), secret.clone()].map(|place| before.seal(&place, &Plain::from("值")).unwrap());
    let index = before.blind_index("phone", &Plain::from("值")).unwrap();
    drop(before);
    let after = vault(&masters, &storage);
    for (place, sealed) in [phone("7"), secret].iter().zip(&sealed) {
        assert_eq!(after.open(place, sealed).unwrap().expose_text(), Some("值"));
    }
    assert_eq!(after.lookup_indexes("phone", &Plain::from("值")).unwrap(), [index]);
}

#[test]
fn a_wrong_master_key_starts_nothing_and_writes_nothing() {
    let (right, storage) = (masters(), Storage::new());
    new_vault(&right, &storage).create_contact_key(&contact("7")).unwrap();
    let (keys, writes) = (storage.keys(), storage.writes());
    let wrong = masters();
    for attempt in [
        start(&wrong, &storage).err(),
        Vault::initialise(wrong.clone(), storage.clone(), &VaultOptions::default()).err(),
    ] {
        assert!(matches!(attempt, Some(Error::WrongMasterKey { .. })), "{attempt:?}");
    }
    assert_eq!((storage.keys(), storage.writes()), (keys, writes));
    assert!(start(&right, &storage).is_ok());
}

#[test]
fn a_start_needs_keys_and_never_creates_any() {
    let storage = Storage::new();
    let error = start(&masters(), &storage).err().unwrap();
    assert_eq!(error.to_string(), "there is no system key: the keys have not been created");
    assert_eq!(storage.writes(), 0);
}

#[test]
fn a_lost_system_key_is_not_covered_up_by_a_new_one() {
    let (masters, storage) = (masters(), Storage::new());
    new_vault(&masters, &storage);
    let id = storage.current(&KeyPurpose::System);
    storage.tamper_key(KeyRow { state: KeyState::Retiring, ..storage.key(id) });
    let again = Vault::initialise(masters, storage.clone(), &VaultOptions::default());
    assert!(matches!(again.err(), Some(Error::NotInitialised { kind: "system" })));
    assert_eq!(storage.keys().len(), 2);
}

#[test]
fn the_first_start_may_be_killed_at_every_call() {
    for after_effect in [false, true] {
        for at_call in 1.. {
            let (masters, storage) = (masters(), Storage::new());
            storage.kill(Kill { at_call, after_effect });
            let options = VaultOptions::default();
            let first = Vault::initialise(masters.clone(), storage.clone(), &options);
            let killed = storage.restart();
            assert_eq!(first.is_err(), killed);
            let (_, check) = Vault::initialise(masters.clone(), storage.clone(), &options).unwrap();
            assert_eq!((check.system.current, check.index.current, check.opened), (1, 1, 2));
            if !killed {
                break;
            }
        }
    }
}

#[test]
fn damaged_keys_are_named_and_the_others_serve() {
    let (masters, storage) = (masters(), Storage::new());
    let before = new_vault(&masters, &storage);
    let sealed = ["1", "2"].map(|id| {
        before.create_contact_key(&contact(id)).unwrap();
        before.seal(&phone(id), &Plain::from("值")).unwrap()
    });
    let id = storage.current(&KeyPurpose::Contact(contact("1")));
    let other = storage.key(storage.current(&KeyPurpose::Contact(contact("2"))));
    storage.tamper_key(KeyRow { wrapped: other.wrapped, ..storage.key(id) });

    let (after, check) = Vault::start(masters, storage.clone(), &VaultOptions::default()).unwrap();
    assert_eq!((check.damaged, check.opened, check.contact.current), (vec![id], 3, 2));
    let error = after.open(&phone("1"), &sealed[0]).err().unwrap();
    assert!(matches!(error, Error::DamagedKey { key, .. } if key == id), "{error}");
    assert_eq!(after.open(&phone("2"), &sealed[1]).unwrap().expose_text(), Some("值"));
}

#[test]
fn a_damaged_system_or_index_key_starts_nothing() {
    for purpose in [KeyPurpose::System, KeyPurpose::Index] {
        let (masters, storage) = (masters(), Storage::new());
        new_vault(&masters, &storage).create_contact_key(&contact("1")).unwrap();
        let other = storage.key(storage.current(&KeyPurpose::Contact(contact("1"))));
        let row = storage.key(storage.current(&purpose));
        storage.tamper_key(KeyRow { canary: other.canary, ..row });
        let error = start(&masters, &storage).err().unwrap();
        assert!(matches!(error, Error::DamagedKey { part: "canary", .. }), "{error}");
    }
}

#[test]
fn the_canaries_of_many_contacts_wait_for_their_first_use() {
    let (masters, storage) = (masters(), Storage::new());
    let vault = new_vault(&masters, &storage);
    (0..30).for_each(|id| vault.create_contact_key(&contact(&id.to_string())).unwrap());
    let options = VaultOptions { contact_keys_checked: 10, ..VaultOptions::default() };
    let (vault, check) = Vault::start(masters, storage, &options).unwrap();
    assert_eq!((check.contact.current, check.opened), (30, 12));
    assert_eq!(vault.check_keys().unwrap().opened, 32);
}

#[test]
fn nothing_is_sealed_for_a_contact_without_a_key() {
    let vault = new_vault(&masters(), &Storage::new());
    let error = vault.seal(&phone("7"), &Plain::from("值")).unwrap_err();
    assert_eq!(error.to_string(), "the contact 7 has no key");
    vault.create_contact_key(&contact("7")).unwrap();
    assert!(vault.seal(&phone("7"), &Plain::from("值")).is_ok());
}

#[test]
fn a_key_that_another_process_created_is_found_at_once() {
    let (masters, storage) = (masters(), Storage::new());
    let [first, second] = [new_vault(&masters, &storage), vault(&masters, &storage)];
    assert!(matches!(second.seal(&phone("7"), &Plain::from("值")), Err(Error::NoContactKey { .. })));
    first.create_contact_key(&contact("7")).unwrap();
    assert!(second.seal(&phone("7"), &Plain::from("值")).is_ok());
}

#[test]
fn a_half_finished_first_start_is_not_finished_with_another_master_key() {
    let (masters, storage) = (masters(), Storage::new());
    let options = VaultOptions::default();
    let mut at_call = 1;
    while storage.keys().len() != 1 {
        storage.kill(Kill { at_call, after_effect: true });
        assert!(Vault::initialise(masters.clone(), storage.clone(), &options).is_err());
        assert!(storage.restart());
        at_call += 1;
    }
    let wrong = Vault::initialise(storage::masters(), storage.clone(), &options);
    assert!(matches!(wrong.err(), Some(Error::WrongMasterKey { .. })));
    assert_eq!(storage.keys().len(), 1);
}

#[test]
fn creating_a_key_twice_or_from_two_vaults_gives_one_key() {
    let (masters, storage) = (masters(), Storage::new());
    let vaults = [new_vault(&masters, &storage), vault(&masters, &storage)];
    std::thread::scope(|scope| {
        for vault in &vaults {
            scope.spawn(|| {
                (0..50).for_each(|id| vault.create_contact_key(&contact(&id.to_string())).unwrap())
            });
        }
    });
    assert_eq!(vaults[0].check_keys().unwrap().contact.current, 50);
}

#[test]
fn destroying_a_key_erases_one_person_and_nobody_else() {
    let (masters, storage) = (masters(), Storage::new());
    let vault = new_vault(&masters, &storage);
    let sealed = ["1", "2"].map(|id| {
        vault.create_contact_key(&contact(id)).unwrap();
        vault.seal(&phone(id), &Plain::from("值")).unwrap()
    });
    let others = |storage: &Storage| {
        let mut keys = storage.keys();
        keys.retain(|row| row.purpose.contact() != Some(&contact("1")));
        keys
    };
    let before = others(&storage);
    assert_eq!(vault.destroy_contact_keys(&contact("1")).unwrap(), 1);
    assert_eq!(vault.destroy_contact_keys(&contact("1")).unwrap(), 0);
    assert_eq!(others(&storage), before);

    let error = vault.open(&phone("1"), &sealed[0]).unwrap_err();
    assert!(matches!(error, Error::Erased { .. }), "{error}");
    assert_eq!(vault.open(&phone("2"), &sealed[1]).unwrap().expose_text(), Some("值"));
    for refused in
        [vault.seal(&phone("1"), &Plain::from("值")).err(), vault.create_contact_key(&contact("1")).err()]
    {
        assert!(matches!(refused, Some(Error::ContactErased { .. })), "{refused:?}");
    }
    let row = storage.keys().into_iter().find(|row| row.purpose.contact() == Some(&contact("1"))).unwrap();
    assert_eq!((row.wrapped.as_bytes(), row.canary.as_bytes()), (&[][..], &[][..]));
}

#[test]
fn an_erasure_may_be_killed_at_every_call() {
    for after_effect in [false, true] {
        for at_call in 1.. {
            let (masters, storage) = (masters(), Storage::new());
            let first = new_vault(&masters, &storage);
            first.create_contact_key(&contact("1")).unwrap();
            let sealed = first.seal(&phone("1"), &Plain::from("值")).unwrap();
            storage.kill(Kill { at_call, after_effect });
            let erased = first.destroy_contact_keys(&contact("1"));
            let killed = storage.restart();
            assert_eq!(erased.is_err(), killed);
            let second = vault(&masters, &storage);
            second.destroy_contact_keys(&contact("1")).unwrap();
            assert!(matches!(second.open(&phone("1"), &sealed), Err(Error::Erased { .. })));
            if !killed {
                break;
            }
        }
    }
}

#[test]
fn another_process_stops_opening_when_its_key_is_too_old() {
    let (masters, storage) = (masters(), Storage::new());
    let first = new_vault(&masters, &storage);
    first.create_contact_key(&contact("1")).unwrap();
    let sealed = first.seal(&phone("1"), &Plain::from("值")).unwrap();
    let others = [Duration::from_secs(3_600), Duration::ZERO].map(|cache_age| {
        let options = VaultOptions { cache_age, ..VaultOptions::default() };
        let other = Vault::start(masters.clone(), storage.clone(), &options).unwrap().0;
        assert!(other.open(&phone("1"), &sealed).is_ok());
        other
    });
    first.destroy_contact_keys(&contact("1")).unwrap();
    assert!(others[0].open(&phone("1"), &sealed).is_ok());
    assert!(matches!(others[1].open(&phone("1"), &sealed), Err(Error::Erased { .. })));
    others[0].forget_keys();
    assert!(matches!(others[0].open(&phone("1"), &sealed), Err(Error::Erased { .. })));
}

#[test]
fn a_small_cache_changes_nothing_but_speed() {
    let (masters, storage) = (masters(), Storage::new());
    new_vault(&masters, &storage);
    let options = VaultOptions { cached_keys: NonZeroUsize::MIN, ..VaultOptions::default() };
    let vault = Vault::start(masters, storage, &options).unwrap().0;
    let sealed: Vec<_> = (0..20)
        .map(|id| id.to_string())
        .map(|id| {
            vault.create_contact_key(&contact(&id)).unwrap();
            let sealed = vault.seal(&phone(&id), &Plain::from(id.as_str())).unwrap();
            (id, sealed)
        })
        .collect();
    for (id, sealed) in sealed {
        assert_eq!(vault.open(&phone(&id), &sealed).unwrap().expose_text(), Some(id.as_str()));
    }
}

#[test]
fn a_failure_of_storage_is_passed_on() {
    let (masters, storage) = (masters(), Storage::new());
    let vault = new_vault(&masters, &storage);
    vault.forget_keys();
    storage.kill(Kill { at_call: 1, after_effect: false });
    let error = vault.seal(&Place::of_system("t", "c", "1"), &Plain::from("值")).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!((error.to_string(), source), ("storage failed".into(), "killed before the call".into()));
}
