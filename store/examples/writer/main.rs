//! Writes until it is killed, and notes outside the database what was acknowledged. The reliability tests run it.
//!
//! `writer LOCATION LEDGER`

mod load;

use std::{env, error::Error, io::Write, path::Path, sync::Arc, time::Instant};

use store::{Location, Store};

use load::{Ledger, work};

/// Tasks that write at once.
const WORKERS: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [location, ledger] = arguments.as_slice() else {
        return Err("usage: writer LOCATION LEDGER".into());
    };
    let begun = Instant::now();
    let store = Arc::new(Store::open(&Location::parse(location)).await?);
    let ledger = Arc::new(Ledger::open(Path::new(ledger))?);
    writeln!(std::io::stdout(), "opened {}", begun.elapsed().as_millis())?;
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (store, ledger) = (Arc::clone(&store), Arc::clone(&ledger));
            tokio::spawn(async move { work(&store, &ledger, number, || true).await })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    Ok(())
}
