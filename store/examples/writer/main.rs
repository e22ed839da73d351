//! Writes until it is killed, and notes outside the database what was acknowledged. The reliability tests run it.
//!
//! `writer LOCATION LEDGER [SECONDS]`: with `SECONDS` it stops writing by itself and closes the database.

mod load;

use std::{
    env,
    error::Error,
    io::Write,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use store::{Location, Store};

use load::{Ledger, work};

/// Tasks that write at once.
const WORKERS: usize = 8;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (location, ledger, lasting) = match arguments.as_slice() {
        [location, ledger] => (location, ledger, None),
        [location, ledger, seconds] => {
            (location, ledger, Some(Duration::try_from_secs_f64(seconds.parse()?)?))
        }
        _ => return Err("usage: writer LOCATION LEDGER [SECONDS]".into()),
    };
    let begun = Instant::now();
    let store = Arc::new(Store::open(&Location::parse(location)).await?);
    let ledger = Arc::new(Ledger::open(Path::new(ledger))?);
    writeln!(std::io::stdout(), "opened {}", begun.elapsed().as_millis())?;
    let workers: Vec<_> = (0..WORKERS)
        .map(|number| {
            let (store, ledger) = (Arc::clone(&store), Arc::clone(&ledger));
            let go_on = move || lasting.is_none_or(|lasting| begun.elapsed() < lasting);
            tokio::spawn(async move { work(&store, &ledger, number, go_on).await })
        })
        .collect();
    for worker in workers {
        worker.await??;
    }
    if let Some(store) = Arc::into_inner(store) {
        store.close().await;
    }
    Ok(())
}
