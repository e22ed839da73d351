//! What is held about a person is found, and erased without touching anybody else.

use store::{Act, AuditState, Error, KeyState, Location, Store};

use crate::{
    lived_in::{self, finish_erasure},
    records::{NOW, act, key, message, new_id, sealed_with},
    support::{Database, on_both_engines},
};

/// Every row of every table as text, with its table.
type Dump = Vec<(String, String)>;

fn asked_for() -> Act {
    Act { reason: Some(String::from("letter of the person")), ..act() }
}

/// What an erasure writes about itself, and its own job.
fn of_the_act((table, row): &(String, String)) -> bool {
    table == "audit_entries" || table == "jobs" || (table == "counters" && row.contains("audit_entries"))
}

/// Rows that are in `before` and not in `after`, by table.
fn gone(before: &Dump, after: &Dump) -> Dump {
    before.iter().filter(|row| !after.contains(row)).cloned().collect()
}

/// What stands in the files of the database.
async fn files(database: &Database) -> Vec<u8> {
    match &database.location {
        Location::File(path) => {
            let names = ["", "-wal", "-shm"].map(|end| format!("{}{end}", path.display()));
            names.iter().flat_map(|name| std::fs::read(name).unwrap_or_default()).collect()
        }
        Location::Server(_) => database.file_of("keys").await,
    }
}

fn holds(content: &[u8], text: &str) -> bool {
    content.windows(text.len()).any(|window| window == text.as_bytes())
}

on_both_engines! {
    async fn everything_about_a_person_is_found(database) {
        let store = &database.store;
        let [first, second] = lived_in::fill(store).await;
        let record = store.personal_record(first.contact).await.unwrap();
        assert_eq!((record.identities.len(), record.consents.len()), (1, 2));
        assert_eq!(record.lookup_fields, ["phone"]);
        assert!(record.consents[0].statement.granted && !record.consents[1].statement.granted, "oldest first");
        let [over, open] = record.conversations.as_slice() else { panic!("two conversations") };
        assert_eq!((over.conversation.id, open.conversation.id), (first.over.id, first.open.id));
        let lengths = |held: &store::PersonalConversation| {
            [held.messages.len(), held.decisions.len(), held.deliveries.len()]
        };
        assert_eq!((lengths(over), lengths(open)), ([3, 1, 2], [2, 1, 1]));
        assert!(over.events.len() > 8 && over.events.iter().all(|event| event.conversation == Some(first.over.id)));
        let acts: Vec<&str> = record.audit.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(acts, ["profile.change", "consent.grant", "consent.withdraw", "phone.reveal"]);
        let counted = store.held_about(first.contact).await.unwrap();
        let rows: Vec<(&str, i64)> = counted.tables.iter().map(|count| (count.table, count.rows)).collect();
        let events = (over.events.len() + open.events.len()) as i64;
        assert_eq!(rows, [
            ("contacts", 1), ("keys", 1), ("channel_identities", 1), ("contact_lookups", 1), ("consents", 2),
            ("conversations", 2), ("messages", 5), ("outbox", 3), ("decision_receipts", 2), ("events", events),
        ]);
        assert_ne!(record.contact.id, second.contact);
        assert!(matches!(store.personal_record(new_id()).await.unwrap_err(), Error::NotFound { .. }));
        assert!(matches!(store.held_about(new_id()).await.unwrap_err(), Error::NotFound { .. }));
    }

    async fn a_person_is_erased_and_every_other_row_stays_as_it_is(database) {
        let store = &database.store;
        let [first, second] = lived_in::fill(store).await;
        let held = store.held_about(first.contact).await.unwrap();
        let before = database.dump().await;
        store.begin_erasure(first.contact, asked_for()).await.unwrap();
        assert!(finish_erasure(store, first.contact).await > 3, "a few rows at a time");
        let after = database.dump().await;

        // Of each table exactly the rows that were counted are changed or gone, and nothing else.
        let removed: Dump = gone(&before, &after).into_iter().filter(|row| !of_the_act(row)).collect();
        for count in &held.tables {
            let rows = removed.iter().filter(|(table, _)| table == count.table).count();
            assert_eq!(rows as i64, count.rows, "{}", count.table);
        }
        let total: i64 = held.tables.iter().map(|count| count.rows).sum();
        assert_eq!(removed.len() as i64, total);
        let added: Dump = gone(&after, &before).into_iter().filter(|row| !of_the_act(row)).collect();
        let left = |name: &str| held.tables.iter().find(|count| count.table == name).unwrap().rows as usize;
        assert_eq!(added.iter().filter(|(table, _)| table == "events").count(), left("events"), "numbers without content");
        assert_eq!(added.iter().filter(|(table, _)| table == "keys").count(), 1, "a key without its secret");
        assert_eq!(added.len(), left("events") + 1);

        let entries = store.audit_entries_after(0, 100).await.unwrap();
        let last = entries.last().unwrap();
        assert_eq!((last.action.as_str(), last.object.clone()), ("contact.erase", first.contact.to_string()));
        assert!(last.detail.as_deref().unwrap().contains("\"messages\":5"), "{last:?}");
        assert_eq!(last.reason.as_deref(), Some("letter of the person"));
        assert!(matches!(store.verify_audit(None).await.unwrap(), AuditState::Whole(_)));
        let events = store.events_after(0, 1000).await.unwrap();
        let store::EventPage::Next(events) = events else { panic!("a gap") };
        assert_eq!(events.len() as i64, store.latest_event().await.unwrap());
        store.check().await.unwrap();
        assert_eq!(store.personal_record(second.contact).await.unwrap().conversations.len(), 2);
        assert!(matches!(store.begin_erasure(first.contact, asked_for()).await.unwrap_err(), Error::NotFound { .. }));
        assert_eq!(store.erased_contacts().await.unwrap(), [first.contact]);
    }

    async fn from_the_first_step_on_nothing_can_be_read_or_added(database) {
        let store = &database.store;
        let [first, second] = lived_in::fill(store).await;
        assert!(holds(&files(&database).await, "wrapped-secret-1"));
        store.begin_erasure(first.contact, asked_for()).await.unwrap();
        let destroyed = store.key(first.key).await.unwrap().unwrap();
        assert_eq!((destroyed.state, destroyed.wrapped.0.len()), (KeyState::Destroyed, 0));
        let body = sealed_with(first.key, "late");
        let late = store::NewMessage { body, ..message(first.open.id, "late") };
        let refused = store.ingest(late).await.unwrap_err();
        assert_eq!(refused, Error::KeyNotCurrent { key: first.key });
        assert!(store.identities_of(first.contact).await.unwrap().is_empty());
        let back = key(store::KeyId(77), store::KeyPurpose::Contact(first.contact));
        assert!(!store.add_key(back, Some(first.key)).await.unwrap(), "a rotation does not bring it back");

        assert_eq!(store.unfinished_erasures().await.unwrap(), [first.contact]);
        finish_erasure(store, first.contact).await;
        assert_eq!(store.unfinished_erasures().await.unwrap(), []);
        let left = files(&database).await;
        assert!(!holds(&left, "wrapped-secret-1"), "the key is still in the files");
        assert!(holds(&left, "wrapped-secret-2"), "the search is blind");
        let gone = ["personal-1 question", "personal-1 profile", "personal-1 summary", "personal-1 openid"];
        if matches!(database.location, Location::File(_)) {
            gone.iter().for_each(|text| assert!(!holds(&left, text), "{text} is still in the files"));
            assert!(holds(&left, "personal-2 question"), "the search is blind");
        }
        assert_eq!(store.key(second.key).await.unwrap().unwrap().state, KeyState::Current);
    }

    async fn an_erasure_that_was_stopped_anywhere_is_finished_by_another(database) {
        let [first, _] = lived_in::fill(&database.store).await;
        database.store.begin_erasure(first.contact, asked_for()).await.unwrap();
        let mut finished = false;
        while !finished {
            // As after a crash: another handle knows only what is stored.
            let store = Store::open(&database.location).await.unwrap();
            let unfinished = store.unfinished_erasures().await.unwrap();
            assert_eq!(unfinished, [first.contact]);
            store.begin_erasure(first.contact, asked_for()).await.unwrap();
            finished = store.continue_erasures(&[first.contact], 1, NOW).await.unwrap();
            store.close().await;
        }
        let acts = database.store.audit_entries_after(0, 100).await.unwrap();
        assert_eq!(acts.iter().filter(|entry| entry.action == "contact.erase").count(), 1, "one act, one entry");
        assert!(database.store.held_about(first.contact).await.is_err());
    }

    async fn consents_are_added_once_and_never_changed(database) {
        let store = &database.store;
        let contact = store.contact_of_identity(crate::records::identity("web", "a")).await.unwrap().id;
        let consent = store::ConsentStatement {
            id: new_id(), contact, purpose: "service".into(), text_version: "1".into(), granted: true, channel: "web".into(),
        };
        store.record_consent(consent.clone(), act()).await.unwrap();
        store.record_consent(store::ConsentStatement { granted: false, ..consent.clone() }, act()).await.unwrap();
        let found = store.consents_of(contact).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].statement.granted, found[0].recorded_by.as_str(), found[0].at), (true, "admin-1", NOW));
        let entries = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!(entries.len(), 1, "a repeat is no act");
        let nobody = store::ConsentStatement { id: new_id(), contact: new_id(), ..consent };
        assert!(matches!(store.record_consent(nobody, act()).await.unwrap_err(), Error::NotFound { .. }));
    }

    // SQLite keeps its log for whoever reads an older state, PostgreSQL the rows: with it the key that was destroyed.
    async fn an_erasure_is_not_finished_while_an_older_state_is_read(database) {
        let [first, _] = lived_in::fill(&database.store).await;
        let reader = database.reading("contacts").await;
        database.store.begin_erasure(first.contact, asked_for()).await.unwrap();
        let refused = database.store.continue_erasures(&[first.contact], 500, NOW).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Unavailable { reason } if reason.contains("others are reading")),
            "{refused}"
        );
        assert_eq!(database.store.unfinished_erasures().await.unwrap(), [first.contact]);
        drop(reader);
        assert!(database.store.continue_erasures(&[first.contact], 500, NOW).await.unwrap());
        assert_eq!(database.store.unfinished_erasures().await.unwrap(), []);
        assert!(!holds(&files(&database).await, "wrapped-secret-1"));
    }
}
