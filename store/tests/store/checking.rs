//! What a check of an opened database finds.

use std::{fs::OpenOptions, os::unix::fs::FileExt as _, path::Path};

use store::{Error, Location, Store};

use crate::{
    records::{KEY, act, conversation, key, message},
    support::{
        Database, on_both_engines,
        postgres_server::{Server, connect},
    },
};

on_both_engines! {
    async fn a_sound_database_passes(database) {
        let opened = conversation(&database.store, "web").await;
        database.store.ingest(message(opened.id, "a")).await.unwrap();
        database.store.record_act(act(), "look", "contact", None).await.unwrap();
        database.store.check().await.unwrap();
    }

    async fn an_entry_of_the_audit_log_that_was_changed_is_named(database) {
        for object in ["a", "b", "c"] {
            database.store.record_act(act(), "look", object, None).await.unwrap();
        }
        database.tamper("UPDATE audit_entries SET actor = 'nobody' WHERE sequence = 2").await;
        let found = database.store.check().await.unwrap_err();
        assert!(matches!(&found, Error::Corrupt { table: "audit_entries", id, .. } if id == "2"), "{found}");
    }

    async fn a_step_of_the_schema_that_is_gone_is_found(database) {
        database.tamper("DELETE FROM schema_versions WHERE version = 2").await;
        let found = database.store.check().await.unwrap_err();
        assert!(matches!(&found, Error::Schema { reason } if reason.contains("migration 2")), "{found}");
    }

    async fn a_row_that_refers_to_nothing_or_an_index_that_is_not_valid_is_found(database) {
        conversation(&database.store, "web").await;
        let (tampering, named) = match &database.location {
            Location::File(_) => ("PRAGMA foreign_keys = OFF; DELETE FROM contacts", "refers to nothing"),
            Location::Server(_) => (
                "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'messages_replies'::regclass",
                "the index messages_replies is not valid",
            ),
        };
        database.tamper(tampering).await;
        let found = database.store.check().await.unwrap_err();
        assert!(matches!(&found, Error::Schema { reason } if reason.contains(named)), "{found}");
    }
}

/// The bytes of a page of a file, overwritten where rows or keys stand.
fn damage(path: &Path, page: u64) {
    let file = OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(&[0xA5; 3000], page * 8192 + 4096).unwrap();
}

#[tokio::test]
async fn damaged_pages_of_a_server_are_found_where_amcheck_is_installed() {
    let Some(server) = tokio::task::spawn_blocking(Server::start).await.unwrap() else { return };
    for damaged in ["messages", "messages_pkey"] {
        let location = server.new_database().await;
        let Location::Server(address) = &location else { panic!("a server has an address") };
        let client = connect(address).await;
        if client.batch_execute("CREATE EXTENSION amcheck").await.is_err() {
            eprintln!("skipped: amcheck is not installed");
            return;
        }
        let store = Store::open(&location).await.unwrap();
        store.add_key(key(KEY, store::KeyPurpose::System), None).await.unwrap();
        let opened = conversation(&store, "web").await;
        for number in 0..200 {
            store.ingest(message(opened.id, &number.to_string())).await.unwrap();
        }
        store.check().await.unwrap();
        let row =
            client.query_one("SELECT pg_relation_filepath($1::text::regclass)", &[&damaged]).await.unwrap();
        let path = server.data().join(row.get::<_, String>(0));
        client.batch_execute("CHECKPOINT").await.unwrap();
        store.close().await;
        damage(&path, 1);
        server.restart_immediately();
        let store = Store::open(&location).await.unwrap();
        let found = store.check().await.unwrap_err();
        assert!(matches!(&found, Error::Schema { .. }), "{damaged}: {found}");
    }
}

#[tokio::test]
async fn a_damaged_file_is_found() {
    let database = Database::sqlite().await;
    let opened = conversation(&database.store, "web").await;
    for number in 0..200 {
        database.store.ingest(message(opened.id, &number.to_string())).await.unwrap();
    }
    database.store.check().await.unwrap();
    let Location::File(path) = database.location.clone() else { panic!("a file has a path") };
    database.store.close().await;
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    // The headers of the pages of the later half.
    for page in length / 4096 / 2..length / 4096 {
        file.write_all_at(&[0xA5; 16], page * 4096).unwrap();
    }
    let found = match Store::open(&Location::File(path)).await {
        Ok(store) => store.check().await.unwrap_err(),
        Err(refused) => refused,
    };
    assert!(matches!(&found, Error::Schema { .. }), "{found}");
}
