//! A backup is read by its recipients, whole or not at all.

#![cfg(test)]

use std::io::{self, Read, Write};

use proptest::prelude::*;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sealing::Error;
use sealing::backup::{self, Identities, Recipients};

fn encrypted(recipients: &Recipients, content: &[u8]) -> Vec<u8> {
    let mut writer = backup::encrypt(recipients, Vec::new()).unwrap();
    // In pieces, as a database gives them.
    content.chunks(10_007).for_each(|piece| writer.write_all(piece).unwrap());
    writer.finish().unwrap()
}

fn decrypted(identities: &Identities, file: &[u8]) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let mut reader = backup::decrypt(identities, file).map_err(io::Error::other)?;
    reader.read_to_end(&mut content)?;
    Ok(content)
}

/// Reproducible bytes that do not compress.
fn content(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    ChaCha8Rng::seed_from_u64(length as u64).fill_bytes(&mut bytes);
    bytes
}

#[test]
fn every_recipient_reads_it_and_nobody_else() {
    let people = [(); 3].map(|()| Identities::generate());
    let list: String = people.iter().map(|person| person.recipients().to_string()).collect();
    let file = encrypted(&Recipients::read(&list).unwrap(), b"everything");
    for person in &people {
        assert_eq!(decrypted(person, &file).unwrap(), b"everything");
    }
    let stranger = backup::decrypt(&Identities::generate(), file.as_slice());
    assert!(matches!(stranger.err(), Some(Error::Backup { reason }) if reason.contains("No matching keys")));
}

#[test]
fn every_truncation_of_a_small_file_is_refused() {
    let identities = Identities::generate();
    let whole = content(3_000);
    let file = encrypted(&identities.recipients(), &whole);
    assert_eq!(decrypted(&identities, &file).unwrap(), whole);
    for length in 0..file.len() {
        assert!(decrypted(&identities, &file[..length]).is_err(), "{length} bytes of {}", file.len());
    }
}

#[test]
fn a_file_cut_at_or_near_a_chunk_is_refused() {
    let identities = Identities::generate();
    let whole = content(3 * 65_536);
    let file = encrypted(&identities.recipients(), &whole);
    assert_eq!(decrypted(&identities, &file).unwrap(), whole);
    let payload = file.len() - 3 * (65_536 + 16);
    for chunk in 0..3 {
        for around in -20..=20_isize {
            let length = (payload + chunk * (65_536 + 16)).saturating_add_signed(around);
            assert!(decrypted(&identities, &file[..length]).is_err(), "{length} bytes of {}", file.len());
        }
    }
}

#[test]
fn an_unfinished_file_is_refused() {
    let identities = Identities::generate();
    let mut file = Vec::new();
    let mut writer = backup::encrypt(&identities.recipients(), &mut file).unwrap();
    writer.write_all(&content(200_000)).unwrap();
    drop(writer);
    assert!(file.len() > 100_000);
    assert!(decrypted(&identities, &file).is_err());
}

#[test]
fn bytes_after_the_end_are_refused() {
    let identities = Identities::generate();
    for length in [0, 3_000, 65_536] {
        let mut file = encrypted(&identities.recipients(), &content(length));
        file.push(0);
        assert!(decrypted(&identities, &file).is_err(), "{length} bytes");
    }
}

#[test]
fn five_hundred_flipped_bits_are_all_found() {
    let identities = Identities::generate();
    let file = encrypted(&identities.recipients(), &content(3_000));
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..500 {
        let bit = random.random_range(0..file.len() * 8);
        let mut altered = file.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(decrypted(&identities, &altered).is_err(), "bit {bit}");
    }
}

#[test]
fn exchanged_chunks_are_refused() {
    let identities = Identities::generate();
    let file = encrypted(&identities.recipients(), &content(3 * 65_536));
    let start = file.len() - 3 * (65_536 + 16);
    let mut exchanged = file.clone();
    exchanged[start..start + 65_552].copy_from_slice(&file[start + 65_552..start + 2 * 65_552]);
    exchanged[start + 65_552..start + 2 * 65_552].copy_from_slice(&file[start..start + 65_552]);
    assert!(decrypted(&identities, &exchanged).is_err());
}

#[test]
fn what_is_no_backup_is_refused() {
    let identities = Identities::generate();
    for file in [&b""[..], b"SQLite format 3\0", b"age-encryption.org/v2\n-> X25519 a\n"] {
        assert!(matches!(backup::decrypt(&identities, file), Err(Error::Backup { .. })));
    }
}

#[test]
fn nothing_of_the_content_is_in_the_file() {
    let canary = "手机 13800138000".repeat(100);
    let file = encrypted(&Identities::generate().recipients(), canary.as_bytes());
    assert!(!file.windows(11).any(|window| window == b"13800138000"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn every_length_comes_back(length in prop_oneof![0..300_usize, 65_500..65_600_usize, 131_000..131_200_usize]) {
        let identities = Identities::generate();
        let file = encrypted(&identities.recipients(), &content(length));
        prop_assert_eq!(decrypted(&identities, &file).unwrap(), content(length));
    }
}
