//! What was altered or moved does not open, is named, and shows nothing of what it holds.

#![cfg(test)]

mod storage;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sealing::{Algorithm, Error, Fault, Owner, Place, Plain, Sealed, Vault, VaultOptions};
use storage::{Storage, contact, masters};

const TABLES: [&str; 3] = ["messages", "contacts", "channels"];
const COLUMNS: [&str; 3] = ["body", "phone", "secret"];
const CONTACTS: [&str; 3] = ["1", "2", "3"];
const TEXT: &str = "我的手机号是 13800138000，请尽快退款";

fn vault(algorithm: Algorithm) -> Vault {
    let options = VaultOptions { algorithm, ..VaultOptions::default() };
    let vault = Vault::initialise(masters(), Storage::new(), &options).unwrap().0;
    CONTACTS.iter().for_each(|id| vault.create_contact_key(&contact(id)).unwrap());
    vault
}

fn place(random: &mut ChaCha8Rng) -> Place {
    let table = TABLES[random.random_range(0..TABLES.len())];
    let column = COLUMNS[random.random_range(0..COLUMNS.len())];
    let row = random.random_range(0..20_u32).to_string();
    let place = if random.random_bool(0.2) {
        Place::of_system(table, column, row)
    } else {
        Place::of_contact(contact(CONTACTS[random.random_range(0..3)]), table, column, row)
    };
    if random.random_bool(0.3) {
        place
    } else {
        place.in_conversation(random.random_range(0..20_u32).to_string())
    }
}

/// The place with one part changed, chosen by `part`.
fn elsewhere(place: &Place, part: usize, random: &mut ChaCha8Rng) -> Place {
    let mut other = place.clone();
    match part {
        0 => other.row = format!("{}0", place.row),
        1 => other.column = COLUMNS.into_iter().find(|column| *column != place.column).unwrap(),
        2 => other.table = TABLES.into_iter().find(|table| *table != place.table).unwrap(),
        3 => {
            other.conversation =
                place.conversation.is_none().then(|| random.random_range(0..20_u32).to_string())
        }
        _ => {
            let others = CONTACTS.map(|id| Owner::Contact(contact(id))).into_iter().chain([Owner::System]);
            let others: Vec<Owner> = others.filter(|owner| *owner != place.owner).collect();
            other.owner = others[random.random_range(0..others.len())].clone();
        }
    }
    other
}

fn assert_names_the_place(error: &Error, place: &Place) {
    let message = error.to_string();
    assert!(message.contains(&place.to_string()), "{message}");
    assert!(!format!("{message} {error:?}").contains("138001"), "{message}");
}

#[test]
fn a_thousand_flipped_bits_are_all_found() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for algorithm in Algorithm::ALL {
        let vault = vault(algorithm);
        let mut neighbour_opened = 0;
        for _ in 0..500 {
            let place = place(&mut random);
            let sealed = vault.seal(&place, &Plain::from(TEXT)).unwrap();
            let mut bytes = sealed.as_bytes().to_vec();
            let bit = random.random_range(0..bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            let error = vault.open(&place, &Sealed::from_bytes(bytes)).unwrap_err();
            // A flipped bit of the key's id names a key that does not exist.
            assert!(matches!(error, Error::Damaged { .. } | Error::UnknownKey { .. }), "{error}");
            assert_names_the_place(&error, &place);
            neighbour_opened += usize::from(vault.open(&place, &sealed).unwrap() == Plain::from(TEXT));
        }
        assert_eq!(neighbour_opened, 500);
    }
}

#[test]
fn ten_thousand_transplanted_values_are_all_found() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for algorithm in Algorithm::ALL {
        let vault = vault(algorithm);
        for number in 0..5_000 {
            let place = place(&mut random);
            let sealed = vault.seal(&place, &Plain::from(TEXT)).unwrap();
            let other = elsewhere(&place, number % 5, &mut random);
            let error = vault.open(&other, &sealed).unwrap_err();
            assert!(matches!(error, Error::Damaged { fault: Fault::Unauthentic, .. }), "{other}: {error}");
            assert_names_the_place(&error, &other);
        }
    }
}

#[test]
fn a_value_of_another_installation_does_not_open() {
    let place = Place::of_system("channels", "secret", "1");
    let sealed = vault(Algorithm::default()).seal(&place, &Plain::from(TEXT)).unwrap();
    let error = vault(Algorithm::default()).open(&place, &sealed).unwrap_err();
    assert!(matches!(error, Error::UnknownKey { .. }), "{error}");
    assert_names_the_place(&error, &place);
}

#[test]
fn a_value_that_names_another_key_of_the_vault_does_not_open() {
    let vault = vault(Algorithm::default());
    let places = ["1", "2"].map(|id| Place::of_contact(contact(id), "messages", "body", "1"));
    let [first, second] = places.clone().map(|place| vault.seal(&place, &Plain::from(TEXT)).unwrap());
    let mut bytes = first.as_bytes().to_vec();
    bytes[1..9].copy_from_slice(&second.as_bytes()[1..9]);
    let error = vault.open(&places[0], &Sealed::from_bytes(bytes)).unwrap_err();
    assert!(matches!(error, Error::Damaged { fault: Fault::Unauthentic, .. }), "{error}");
}

#[test]
fn values_of_both_algorithms_are_opened_whichever_is_chosen() {
    let (masters, storage) = (masters(), Storage::new());
    let place = Place::of_system("channels", "secret", "1");
    let vaults = Algorithm::ALL.map(|algorithm| {
        let options = VaultOptions { algorithm, ..VaultOptions::default() };
        Vault::initialise(masters.clone(), storage.clone(), &options).unwrap().0
    });
    for (algorithm, sealing) in Algorithm::ALL.into_iter().zip(&vaults) {
        let sealed = sealing.seal(&place, &Plain::from(TEXT)).unwrap();
        assert_eq!(sealed.as_bytes()[0], algorithm.number());
        for opening in &vaults {
            assert_eq!(opening.open(&place, &sealed).unwrap().expose_text(), Some(TEXT));
        }
    }
}

#[test]
fn nothing_and_rubbish_are_refused() {
    let vault = vault(Algorithm::default());
    let place = Place::of_system("channels", "secret", "1");
    for bytes in [Vec::new(), vec![1; 8], vec![0xff; 300], TEXT.as_bytes().to_vec()] {
        let error = vault.open(&place, &Sealed::from_bytes(bytes)).unwrap_err();
        assert!(matches!(error, Error::Damaged { .. } | Error::UnknownKey { .. }), "{error}");
    }
}
