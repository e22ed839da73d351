//! What is kept for a while only is forgotten, and the rest keeps its order and its counts.

use std::time::Duration;

use store::{AuditHead, AuditState, ConversationId, DataClass, EventPage, Owner, Store, Timestamp};

use crate::{
    lived_in,
    records::{NOW, act, conversation, message, seconds},
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
        // Three bodies and a summary of each of two people.
        assert_eq!(forget_all(store, DataClass::MessageBodies, LATER).await, 8);
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
