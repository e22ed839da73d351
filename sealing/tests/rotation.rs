//! A process that replaces a key may be killed at any call, and nothing is lost.

#![cfg(test)]

#[path = "storage/installation.rs"]
mod installation;
mod storage;

use installation::{Installation, LIMIT, Replaced, to_the_end};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sealing::rotation::{DataRotation, MasterRotation, Step};
use sealing::{Error, KeyPurpose, MasterKeys, Owner, Place, Plain, Vault, VaultOptions};
use storage::{Kill, contact, vault};

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
    // A destroyed key has nothing to wrap, and keeps nobody from the end.
    let erased = vault(&both, &installation.storage);
    erased.create_contact_key(&contact("9")).unwrap();
    erased.destroy_contact_keys(&contact("9")).unwrap();
    let outcome = to_the_end(|| rotation.step(2)).unwrap();
    assert_eq!((outcome.moved, outcome.unreadable.len()), (5, 0));
    installation.assert_old_key_is_gone(Replaced::Master, None);
    let old = MasterKeys::new(installation.old_master.clone());
    let refused = Vault::start(old, installation.storage.clone(), &VaultOptions::default());
    assert!(matches!(refused.err(), Some(Error::WrongMasterKey { .. })));
}

#[test]
fn a_begin_that_failed_may_have_begun_and_the_same_process_seals_with_the_new_key() {
    let installation = Installation::new();
    let storage = &installation.storage;
    let vault = vault(&MasterKeys::new(installation.old_master.clone()), storage);
    let place = Place::of_system("channels", "secret", "0");
    let old = vault.seal(&place, &Plain::from("值")).unwrap().key_id();
    storage.kill(Kill { at_call: 1, after_effect: true });
    assert!(matches!(DataRotation::begin(vault.clone(), &Owner::System).err(), Some(Error::Storage(_))));
    assert!(storage.restart());
    let new = vault.seal(&place, &Plain::from("值")).unwrap().key_id();
    assert_ne!(new, old);
    assert_eq!(new, Some(storage.current(&KeyPurpose::System)));
}
