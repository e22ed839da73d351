//! Opening: what is refused, and what is carried on.

use futures::future::join_all;
use store::{Error, KeyPurpose, Location, Store};

use crate::{
    records::{KEY, conversation, key, message},
    support::{Database, on_both_engines, postgres_server::Server},
};

on_both_engines! {
    async fn what_was_stored_is_there_when_it_is_opened_again(database) {
        let opened = conversation(&database.store, "web").await;
        let stored = database.store.ingest(message(opened.id, "a")).await.unwrap().message;
        let again = database.opened_again().await;
        assert_eq!(again.message(stored.id).await.unwrap(), stored);
        again.check().await.unwrap();
        again.close().await;
        database.store.close().await;
        let third = Store::open(&database.location).await.unwrap();
        assert_eq!(third.message(stored.id).await.unwrap(), stored);
    }

    async fn a_newer_schema_is_refused(database) {
        database.tamper("INSERT INTO schema_versions SELECT 900, checksum FROM schema_versions WHERE version = 1").await;
        let refused = Store::open(&database.location).await.unwrap_err();
        assert!(matches!(refused, Error::NewerSchema { found: 900, .. }), "{refused}");
    }

    async fn a_schema_made_by_other_steps_is_refused(database) {
        database.tamper("UPDATE schema_versions SET checksum = (SELECT checksum FROM schema_versions \
                         WHERE version = 1) WHERE version = 2").await;
        let refused = Store::open(&database.location).await.unwrap_err();
        assert!(matches!(refused, Error::Schema { .. }), "{refused}");
    }

    async fn steps_that_are_missing_are_made_up_for(database) {
        database.tamper("DROP TABLE jobs; DROP TABLE settings; DROP TABLE audit_entries; \
                         DELETE FROM schema_versions WHERE version = 3").await;
        let again = database.opened_again().await;
        assert_eq!(again.jobs(1).await.unwrap(), []);
    }

    async fn a_step_that_fails_leaves_nothing_behind_and_is_made_the_next_time(database) {
        database.tamper("DROP TABLE jobs; DROP TABLE settings; DELETE FROM schema_versions WHERE version = 3").await;
        Store::open(&database.location).await.unwrap_err();
        database.tamper("CREATE TABLE jobs (left_over BIGINT); DROP TABLE jobs; DROP TABLE audit_entries").await;
        let again = database.opened_again().await;
        assert_eq!(again.settings().await.unwrap(), []);
    }

    async fn all_that_open_an_empty_database_at_once_have_it(database) {
        let location = match &database.location {
            Location::File(path) => Location::File(path.with_file_name("empty.db")),
            Location::Server(_) => Database::postgres().await.unwrap().location,
        };
        let opening = (0..16).map(|_| {
            let location = location.clone();
            tokio::spawn(async move { Store::open(&location).await })
        });
        let opened: Vec<Store> =
            join_all(opening.collect::<Vec<_>>()).await.into_iter().map(|store| store.unwrap().unwrap()).collect();
        // False on PostgreSQL, where the database had it before.
        opened[0].add_key(key(KEY, KeyPurpose::System), None).await.unwrap();
        let begun = conversation(&opened[0], "web").await;
        for store in &opened {
            assert_eq!(store.conversation(begun.id).await.unwrap(), begun);
        }
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(
        &path,
        "not a database, but more than a hundred bytes of something else entirely".repeat(20),
    )
    .unwrap();
    let refused = Store::open(&Location::File(path.clone())).await.unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
    let missing = Store::open(&Location::File(path.join("no such folder/store.db"))).await.unwrap_err();
    assert!(matches!(missing, Error::Refused { .. }), "{missing}");
}

#[tokio::test]
async fn a_server_that_would_lose_what_it_acknowledged_is_refused() {
    for (option, named) in
        [("-c fsync=off", "fsync=off"), ("-c full_page_writes=off", "full_page_writes=off")]
    {
        let Some(server) = tokio::task::spawn_blocking(|| Server::start_with(option)).await.unwrap() else {
            return;
        };
        let refused = Store::open(&Location::Server(server.address("postgres"))).await.unwrap_err();
        assert!(matches!(&refused, Error::Refused { reason } if reason.contains(named)), "{refused}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_its_password_is_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("host={} user=a password=geheim dbname=c", folder.path().display());
    let location = Location::Server(address);
    let unavailable = Store::open(&location).await.unwrap_err();
    assert!(unavailable.is_temporary(), "{unavailable}");
    assert!(!format!("{unavailable} {unavailable:?} {location:?}").contains("geheim"));
}

#[test]
fn an_address_is_told_from_a_path() {
    assert_eq!(Location::parse("postgres://a@b/c"), Location::Server(String::from("postgres://a@b/c")));
    for address in ["host=db password=geheim", "connect_timeout=3 host=db", " host = db dbname = 'c d'"] {
        assert_eq!(Location::parse(address), Location::Server(address.to_owned()));
    }
    for path in ["data/yingda.db", "./host=db", "data/a=b.db", "2=1.db", "="] {
        assert_eq!(Location::parse(path), Location::File(path.into()));
    }
}
