//! Microseconds to seal and open 300 bytes with both algorithms, one thread, and to unwrap a key that is not in memory.
//! Times of different runs are not comparable on a shared machine; the ratios of one are.
//!
//! `cargo bench -p sealing`

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sealing::{Algorithm, ContactId, MasterKey, MasterKeys, Place, Plain, Vault, VaultOptions};

#[path = "../tests/storage/mod.rs"]
#[expect(clippy::unwrap_used, reason = "the tests' storage in memory")]
mod storage;

const BYTES: usize = 300;
const ROUNDS: usize = 40;
const CALLS: u32 = 500;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let contact = ContactId::new("7")?;
    let masters = MasterKeys::new(MasterKey::generate()?);
    let rows = storage::Storage::new();
    let place = Place::of_contact(contact.clone(), "messages", "body", "42").in_conversation("9");
    let plain = Plain::from(vec![b'a'; BYTES]);
    writeln!(
        stdout(),
        "{BYTES} bytes, one thread, the fastest of {ROUNDS} rounds of {CALLS} calls, µs a call"
    )?;
    writeln!(stdout(), "{:<34} {:>7} {:>7} {:>7}", "algorithm", "seal", "open", "cold")?;
    for algorithm in Algorithm::ALL {
        let options = VaultOptions { algorithm, ..VaultOptions::default() };
        let vault = Vault::initialise(masters.clone(), Arc::clone(&rows) as _, &options)?.0;
        vault.create_contact_key(&contact)?;
        let sealed = vault.seal(&place, &plain)?;
        let seal = fastest(|| vault.seal(&place, &plain).map(drop))?;
        let open = fastest(|| vault.open(&place, &sealed).map(drop))?;
        let cold = fastest(|| {
            vault.forget_keys();
            vault.open(&place, &sealed).map(drop)
        })?;
        let name = format!("{algorithm:?}");
        writeln!(stdout(), "{name:<34} {:>7.2} {:>7.2} {:>7.2}", micros(seal), micros(open), micros(cold))?;
    }
    let vault = Vault::initialise(masters, rows, &VaultOptions::default())?.0;
    let index = fastest(|| vault.blind_index("phone", &plain).map(|_| ()))?;
    writeln!(stdout(), "{:<34} {:>7.2}", "blind index", micros(index))?;
    Ok(())
}

/// The mean of the fastest round: what the work takes when nobody else takes the processor.
fn fastest(mut call: impl FnMut() -> sealing::Result<()>) -> Outcome<Duration> {
    let mut fastest = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        for _ in 0..CALLS {
            call()?;
        }
        fastest = fastest.min(start.elapsed() / CALLS);
    }
    Ok(fastest)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
