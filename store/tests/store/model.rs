//! Random histories, compared with a plain model in memory.

mod history;
mod reference;

use proptest::{collection::vec, prelude::ProptestConfig, test_runner::TestRunner};

use crate::support::Database;
use history::{run, step};

/// The long set is asked for by `YINGDA_RELIABILITY=long`.
fn histories() -> u32 {
    let long = std::env::var("YINGDA_RELIABILITY").is_ok_and(|set| set == "long");
    if long { 10_000 } else { 48 }
}

fn compare(database: &Database, runtime: &tokio::runtime::Runtime) {
    let config =
        ProptestConfig { cases: histories(), failure_persistence: None, ..ProptestConfig::default() };
    let checked = TestRunner::new(config).run(&vec(step(), 1..60), |steps| {
        runtime.block_on(run(&database.store, &steps));
        Ok(())
    });
    checked.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_history_ends_as_the_model_says_on_sqlite() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(Database::sqlite());
    compare(&database, &runtime);
}

#[test]
fn any_history_ends_as_the_model_says_on_postgres() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(database) = runtime.block_on(Database::postgres()) {
        compare(&database, &runtime);
    }
}
