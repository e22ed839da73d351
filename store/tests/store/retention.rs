//! What is kept for a while only is forgotten, and the rest keeps its order and its counts.

use std::time::Duration;

use store::{AuditHead, AuditState, ConversationId, DataClass, EventPage, Owner, Store, Timestamp};

use crate::{
    lived_in,
    records::{NOW, act, conversation, identity, message, seconds},
    support::on_both_engines,
};

const LATER: Timestamp = Timestamp(NOW.0 + 1_000_000);

/// Everything of a class, in steps of one.
async fn forget_all(store: &Store, class: DataClass, before: Timestamp) -> u64 {
    let (mut rows, mut after): (u64, Option<ConversationId>) = (0, None);
    loop {
        let forgotten = store.forget(class, before, after, 1).await.unwrap();
        rows += forgotten.rows;
        after = forgotten.after;
        if forgotten.finished {
            return rows;
        }
    }
}

on_both_engines! {
    async fn bodies_of_conversations_that_are_over_go_and_their_places_stay(database) {
        let store = &database.store;
        let people = lived_in::fill(store).await;
        assert_eq!(store.overdue(DataClass::MessageBodies, NOW).await.unwrap(), 0, "they ended later than that");
        assert_eq!(forget_all(store, DataClass::MessageBodies, NOW).await, 0);
        assert_eq!(store.overdue(DataClass::MessageBodies, LATER).await.unwrap(), 6);
        assert_eq!(forget_all(store, DataClass::MessageBodies, LATER).await, 6, "three of each of two people");
        assert_eq!(store.overdue(DataClass::MessageBodies, LATER).await.unwrap(), 0);
        for person in people {
            let over = store.messages_of(person.over.id, 0, 100).await.unwrap();
            assert_eq!(over.iter().map(|said| said.sequence).collect::<Vec<_>>(), [1, 2, 3]);
            assert!(over.iter().all(|said| said.body.0.is_empty()));
            assert_eq!(store.conversation(person.over.id).await.unwrap().summary, None);
            assert_eq!(store.conversation(person.over.id).await.unwrap().updated_at, person.over.updated_at);
            let open = store.messages_of(person.open.id, 0, 100).await.unwrap();
            assert!(open.iter().all(|said| !said.body.0.is_empty()), "an open conversation is left alone");
        }
    }

    async fn receipts_and_deliveries_of_conversations_that_are_over_go(database) {
        let store = &database.store;
        let [first, _] = lived_in::fill(store).await;
        for (class, of_each) in [(DataClass::Receipts, 1), (DataClass::Deliveries, 2)] {
            assert_eq!(store.overdue(class, LATER).await.unwrap(), 2 * of_each);
            assert_eq!(forget_all(store, class, LATER).await, 2 * of_each as u64);
            assert_eq!(store.overdue(class, LATER).await.unwrap(), 0);
        }
        let record = store.personal_record(first.contact).await.unwrap();
        let [over, open] = record.conversations.as_slice() else { panic!("two conversations") };
        assert_eq!((over.decisions.len(), over.deliveries.len()), (0, 0));
        assert_eq!((open.decisions.len(), open.deliveries.len()), (1, 1));
        assert_eq!(over.messages.len(), 3);
    }

    async fn conversations_that_are_over_go_whole_and_events_keep_their_numbers(database) {
        let store = &database.store;
        let [first, second] = lived_in::fill(store).await;
        let of_first = store.events_of(first.over.id).await.unwrap();
        let of_first: Vec<i64> = of_first.iter().map(|event| event.sequence).collect();
        assert!(of_first.len() > 8);
        database.tamper(&format!("UPDATE outbox SET state = 'pending' WHERE conversation_id = {}",
            database.bytes(second.over.id.uuid().as_bytes()))).await;
        assert_eq!(store.overdue(DataClass::Conversations, LATER).await.unwrap(), 1, "one still sends");
        assert_eq!(forget_all(store, DataClass::Conversations, LATER).await, 1);
        assert_eq!(store.overdue(DataClass::Conversations, LATER).await.unwrap(), 0);
        let record = store.personal_record(first.contact).await.unwrap();
        assert_eq!(record.conversations.len(), 1);
        assert_eq!(record.conversations[0].conversation.id, first.open.id);
        let still = store.personal_record(second.contact).await.unwrap();
        assert_eq!(still.conversations[0].messages.len(), 3, "what waits to be sent is left alone");
        assert_eq!(still.conversations[0].decisions.len(), 1);
        let EventPage::Next(events) = store.events_after(0, 1000).await.unwrap() else { panic!("a gap") };
        assert_eq!(events.len() as i64, store.latest_event().await.unwrap());
        let emptied = events.iter().filter(|event| event.conversation.is_none() && event.payload == "{}");
        assert_eq!(emptied.map(|event| event.sequence).collect::<Vec<_>>(), of_first);
        store.check().await.unwrap();
    }

    async fn statements_go_when_another_took_their_place_long_enough_ago(database) {
        let store = &database.store;
        let [first, second] = lived_in::fill(store).await;
        let profiling = store::ConsentStatement {
            id: crate::records::new_id(), contact: first.contact, purpose: "profiling".into(), text_version: "1".into(),
            granted: true, channel: "web".into(),
        };
        store.record_consent(profiling, store::Act { at: seconds(1), ..act() }).await.unwrap();
        // Marketing is granted at 1 and withdrawn at 2.
        assert_eq!(store.overdue(DataClass::Consents, seconds(2)).await.unwrap(), 0);
        assert_eq!(forget_all(store, DataClass::Consents, seconds(2)).await, 0);
        assert_eq!(store.overdue(DataClass::Consents, seconds(3)).await.unwrap(), 2);
        assert_eq!(forget_all(store, DataClass::Consents, seconds(3)).await, 2);
        assert_eq!(forget_all(store, DataClass::Consents, LATER).await, 0, "the last word stays");
        for (person, expected) in [(first, vec![("profiling", true), ("marketing", false)]), (second, vec![("marketing", false)])] {
            let kept = store.consents_of(person.contact).await.unwrap();
            let kept: Vec<_> = kept.iter().map(|kept| (kept.statement.purpose.as_str(), kept.statement.granted)).collect();
            assert_eq!(kept, expected);
        }
        assert!(matches!(store.verify_audit(None).await.unwrap(), AuditState::Whole(_)));
    }

    async fn people_of_whom_no_conversation_is_left_go_whole(database) {
        let store = &database.store;
        let [first, _] = lived_in::fill(store).await;
        let expire = async |before: Timestamp, limit: u32| {
            let reason = Some(String::from("kept for long enough"));
            store.expire_contacts(before, limit, store::Act { reason, ..act() }).await.unwrap()
        };
        assert_eq!(store.overdue(DataClass::Contacts, LATER).await.unwrap(), 0, "everybody has conversations");
        assert!(expire(LATER, 9).await.is_empty());
        let silent: Vec<_> = [("a", 1), ("b", 1), ("c", 50)].map(|(name, at)| (identity("web", name), seconds(at))).into();
        let mut contacts = Vec::new();
        for (known, at) in silent {
            contacts.push(store.contact_of_identity(store::NewIdentity { at, ..known }).await.unwrap().id);
        }
        let consent = store::ConsentStatement {
            id: crate::records::new_id(), contact: contacts[1], purpose: "service".into(), text_version: "1".into(),
            granted: true, channel: "web".into(),
        };
        store.record_consent(consent, store::Act { at: seconds(20), ..act() }).await.unwrap();
        let before = database.dump().await;
        assert_eq!(store.overdue(DataClass::Contacts, seconds(20)).await.unwrap(), 1, "who agreed to something later stays");
        assert_eq!(store.overdue(DataClass::Contacts, seconds(21)).await.unwrap(), 2);
        assert_eq!(expire(seconds(21), 1).await.len(), 1, "some at a time");
        assert_eq!(expire(seconds(21), 9).await.len(), 1);
        let mut begun = store.unfinished_erasures().await.unwrap();
        begun.sort_by_key(|contact| contact.uuid());
        let mut expected = contacts[..2].to_vec();
        expected.sort_by_key(|contact| contact.uuid());
        assert_eq!(begun, expected);
        assert_eq!(store.overdue(DataClass::Contacts, seconds(21)).await.unwrap(), 0, "they are on their way");
        assert!(store.continue_erasures(&begun, 500, NOW).await.unwrap());
        assert_eq!(store.unfinished_erasures().await.unwrap(), []);
        for gone in &begun {
            assert!(store.contact(*gone).await.is_err());
        }
        assert_eq!(store.contact(contacts[2]).await.unwrap().id, contacts[2], "too young");
        let after = database.dump().await;
        let removed = before.iter().filter(|row| !after.contains(row) && row.0 != "counters");
        let mut tables: Vec<&str> = removed.map(|(table, _)| table.as_str()).collect();
        tables.sort_unstable();
        assert_eq!(tables, ["channel_identities", "channel_identities", "consents", "contacts", "contacts"]);
        let entries = store.audit_entries_after(0, 100).await.unwrap();
        let expired: Vec<_> = entries.iter().filter(|entry| entry.action == "contact.expire").collect();
        assert_eq!(expired.len(), 2);
        assert!(expired.iter().all(|entry| begun.iter().any(|contact| contact.to_string() == entry.object)));
        assert!(!entries.iter().any(|entry| entry.action == "contact.erase"), "nobody asked for it");
        assert_eq!(store.personal_record(first.contact).await.unwrap().conversations.len(), 2);
    }

    async fn events_go_up_to_the_first_of_an_open_conversation(database) {
        let store = &database.store;
        let [first, _] = lived_in::fill(store).await;
        let latest = store.latest_event().await.unwrap();
        let overdue = store.overdue(DataClass::Events, LATER).await.unwrap();
        assert!(overdue > 5 && overdue < latest, "{overdue} of {latest}");
        assert_eq!(forget_all(store, DataClass::Events, LATER).await as i64, overdue);
        assert_eq!(store.latest_event().await.unwrap(), latest, "numbers go on");
        assert_eq!(store.events_after(0, 100).await.unwrap(), EventPage::Resync { latest });
        let EventPage::Next(rest) = store.events_after(overdue, 1000).await.unwrap() else { panic!("a gap") };
        assert_eq!(rest.len() as i64, latest - overdue);
        let open = store.events_of(first.open.id).await.unwrap();
        assert_eq!(open.first().map(|event| event.sequence), Some(overdue + 1));
    }

    async fn vectors_and_ended_jobs_go_by_their_age(database) {
        let store = &database.store;
        lived_in::fill(store).await;
        assert_eq!(forget_all(store, DataClass::Embeddings, NOW).await, 0);
        assert_eq!(forget_all(store, DataClass::Embeddings, LATER).await, 1);
        assert_eq!(forget_all(store, DataClass::Jobs, LATER).await, 0, "it has not ended");
        let job = store.claim_job("index", "worker", Duration::from_secs(9), NOW).await.unwrap().unwrap();
        store.finish_job(&job, NOW).await.unwrap();
        assert_eq!(store.overdue(DataClass::Jobs, LATER).await.unwrap(), 1);
        assert_eq!(forget_all(store, DataClass::Jobs, LATER).await, 1);
        assert_eq!(store.jobs(9).await.unwrap(), []);
    }

    async fn old_audit_entries_go_and_the_rest_is_still_a_chain(database) {
        let store = &database.store;
        for second in 1..=6 {
            store.record_act(store::Act { at: seconds(second), ..act() }, "look", "at it", None).await.unwrap();
        }
        let AuditState::Whole(kept) = store.verify_audit(None).await.unwrap() else { panic!("broken") };
        assert_eq!(store.overdue(DataClass::Audit, seconds(4)).await.unwrap(), 3);
        assert_eq!(store.shorten_audit(seconds(4), store::Act { at: seconds(9), ..act() }).await.unwrap(), 3);
        let entries = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [4, 5, 6, 7]);
        let whole = store.verify_audit(Some(kept)).await.unwrap();
        assert!(matches!(whole, AuditState::Whole(AuditHead { sequence: 7, .. })), "{whole:?}");
        assert_eq!(store.shorten_audit(seconds(4), act()).await.unwrap(), 0, "nothing is left to give up");
        assert_eq!(store.shorten_audit(LATER, store::Act { at: LATER, ..act() }).await.unwrap(), 3);
        let left = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!(left.iter().map(|entry| entry.action.as_str()).collect::<Vec<_>>(), ["audit.shorten"; 2]);
        assert!(matches!(store.verify_audit(None).await.unwrap(), AuditState::Whole(_)));
    }

    async fn entries_that_were_removed_without_saying_so_are_noticed(database) {
        let store = &database.store;
        for second in 1..=6 {
            store.record_act(store::Act { at: seconds(second), ..act() }, "look", "at it", None).await.unwrap();
        }
        database.tamper("INSERT INTO audit_anchors SELECT sequence, hash FROM audit_entries WHERE sequence = 3; \
                         DELETE FROM audit_entries WHERE sequence <= 3").await;
        assert_eq!(store.verify_audit(None).await.unwrap(), AuditState::Broken { first_bad: 1 });
        assert!(store.shorten_audit(LATER, act()).await.is_err(), "a broken chain is left as it is");
        assert_eq!(store.audit_entries_after(0, 10).await.unwrap().len(), 3);
    }

    async fn conversations_in_which_nothing_happens_end(database) {
        let store = &database.store;
        let (idle, lively) = (conversation(store, "web").await, conversation(store, "web").await);
        store.ingest(store::NewMessage { at: seconds(500), ..message(lively.id, "still there") }).await.unwrap();
        assert_eq!(store.end_idle_conversations(seconds(100), 10, seconds(600)).await.unwrap(), 1);
        assert_eq!(store.end_idle_conversations(seconds(100), 10, seconds(600)).await.unwrap(), 0);
        assert_eq!(store.conversation(idle.id).await.unwrap().owner, Owner::Nobody);
        assert_eq!(store.conversation(lively.id).await.unwrap().owner, Owner::Bot);
        let events = store.events_of(idle.id).await.unwrap();
        assert_eq!(events.last().map(|event| event.kind), Some(store::EventKind::Resolved));
    }
}
