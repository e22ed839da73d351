//! A sandbox whose store is on either engine.

use std::sync::LazyLock;

use store::Location;

use crate::{postgres_server::Server, sandbox::Sandbox};

static SERVER: LazyLock<Option<Server>> = LazyLock::new(Server::start);

/// The address of a new database, as `store.location` takes it and as the store does; `None` where no PostgreSQL is installed.
pub(crate) fn new_database() -> Option<(String, Location)> {
    let server = SERVER.as_ref()?;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let location = runtime.block_on(server.new_database());
    let Location::Server(address) = &location else { panic!("a server has an address") };
    let (_, name) = address.rsplit_once("dbname=").unwrap();
    Some((server.url(name), location))
}

/// With a new database; `None` where no PostgreSQL is installed.
pub(crate) fn on_postgres() -> Option<Sandbox> {
    let (url, _) = new_database()?;
    Some(Sandbox::with_store_at(url))
}

/// Each scenario becomes two tests, `scenario::sqlite` and `scenario::postgres`.
macro_rules! on_both_engines {
    ($(fn $name:ident($sandbox:ident) $body:block)+) => {$(
        mod $name {
            use super::*;

            fn scenario($sandbox: &Sandbox) $body

            #[test]
            fn sqlite() {
                scenario(&Sandbox::new());
            }

            #[test]
            fn postgres() {
                if let Some(sandbox) = $crate::database::on_postgres() {
                    scenario(&sandbox);
                }
            }
        }
    )+};
}
pub(crate) use on_both_engines;
