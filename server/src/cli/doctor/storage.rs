//! The store and its keys.

use std::sync::Arc;

use store::Store;

use super::check::Check;
use crate::{
    cli::{context::Context, output::count},
    config::Config,
    published, storage,
};

const STORE: &str = "store";
const KEYS: &str = "keys";
const OTHER_STORE: &str = "correct store.location, or restore a backup";
const OTHER_KEYS: &str = "correct keys.master (and keys.previous, while it is being replaced)";

pub(super) fn checks(config: &Config) -> Vec<Check> {
    if !storage::exists(&config.store) {
        let found =
            format!("none at {}: nothing is recorded; `yingda keys init` makes one", config.store.location);
        return vec![Check::good(STORE, found), Check::not_checked(KEYS, "there is no store")];
    }
    let runtime = match Context::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return vec![Check::bad(STORE, error, "free some threads or memory")],
    };
    runtime.block_on(async {
        let store = match storage::open(&config.store).await {
            Ok(store) => store,
            Err(error) => {
                let rest = Check::not_checked(KEYS, "the store cannot be opened");
                return vec![Check::bad(STORE, error, OTHER_STORE), rest];
            }
        };
        vec![of_store(&store).await, of_keys(config, &store).await]
    })
}

async fn of_store(store: &Arc<Store>) -> Check {
    if let Err(error) = store.check().await {
        return Check::bad(STORE, error, OTHER_STORE);
    }
    match published::content(store, None).await {
        Ok(Some((version, content))) => {
            let entries = count(content.entries.len(), "entry", "entries");
            Check::good(STORE, format!("sound; version {version} of the knowledge is published: {entries}"))
        }
        Ok(None) => Check::good(STORE, "sound; no knowledge is published in it"),
        Err(error) => Check::bad(STORE, error, "publish another version with `yingda kb publish`"),
    }
}

async fn of_keys(config: &Config, store: &Arc<Store>) -> Check {
    match storage::open_vault(config, store).await {
        Ok(Some(_)) => Check::good(KEYS, format!("open with the master key in {}", config.keys.master)),
        Ok(None) => {
            let found = "the store has none, so nothing is recorded";
            Check::doubtful(KEYS, found, "make them with `yingda keys init`")
        }
        Err(error) => Check::bad(KEYS, error, OTHER_KEYS),
    }
}
