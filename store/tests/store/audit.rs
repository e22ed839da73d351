//! A changed audit log is noticed, and where.

use store::{Act, AuditHead, AuditState, Store};

use crate::{
    records::{NOW, seconds},
    support::on_both_engines,
};

/// Six acts, and the head of the chain after the fourth.
async fn six_acts(store: &Store) -> AuditHead {
    let mut kept = None;
    for number in 1..=6 {
        let act = Act {
            actor: format!("admin-{number}"),
            reason: Some(String::from("asked to")),
            at: seconds(number),
        };
        store.record_act(act, "phone.reveal", "contact 7", None).await.unwrap();
        if number == 4 {
            let AuditState::Whole(head) = store.verify_audit(None).await.unwrap() else { panic!("broken") };
            kept = Some(head);
        }
    }
    kept.unwrap()
}

async fn first_bad(store: &Store, kept: Option<AuditHead>) -> Option<i64> {
    match store.verify_audit(kept).await.unwrap() {
        AuditState::Whole(_) => None,
        AuditState::Broken { first_bad } => Some(first_bad),
    }
}

on_both_engines! {
    async fn an_untouched_log_is_whole(database) {
        let store = &database.store;
        assert_eq!(store.verify_audit(None).await.unwrap(), AuditState::Whole(AuditHead { sequence: 0, hash: [0; 32] }));
        let kept = six_acts(store).await;
        assert_eq!(kept.sequence, 4);
        let AuditState::Whole(head) = store.verify_audit(Some(kept)).await.unwrap() else { panic!("broken") };
        let entries = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!((head.sequence, head.hash), (6, entries[5].hash));
        assert_eq!((entries[0].at, entries[0].actor.as_str()), (seconds(1), "admin-1"));
    }

    async fn an_edited_entry_is_named(database) {
        six_acts(&database.store).await;
        database.tamper("UPDATE audit_entries SET actor = 'nobody' WHERE sequence = 3").await;
        assert_eq!(first_bad(&database.store, None).await, Some(3));
    }

    async fn a_removed_entry_is_named(database) {
        six_acts(&database.store).await;
        database.tamper("DELETE FROM audit_entries WHERE sequence = 2").await;
        assert_eq!(first_bad(&database.store, None).await, Some(2));
    }

    async fn swapped_entries_are_named(database) {
        six_acts(&database.store).await;
        database.tamper("UPDATE audit_entries SET sequence = 100 WHERE sequence = 4;\
                         UPDATE audit_entries SET sequence = 4 WHERE sequence = 5;\
                         UPDATE audit_entries SET sequence = 5 WHERE sequence = 100;").await;
        assert_eq!(first_bad(&database.store, None).await, Some(4));
    }

    async fn an_unreadable_entry_is_named(database) {
        six_acts(&database.store).await;
        database.tamper("UPDATE audit_entries SET hash = substr(hash, 1, 5) WHERE sequence = 5").await;
        assert_eq!(first_bad(&database.store, None).await, Some(5));
    }

    async fn entries_cut_off_at_the_end_are_noticed(database) {
        let kept = six_acts(&database.store).await;
        database.tamper("DELETE FROM audit_entries WHERE sequence > 3").await;
        assert_eq!(first_bad(&database.store, None).await, Some(4), "the counter knows of more");
        database.tamper("UPDATE counters SET value = 3 WHERE name = 'audit_entries'").await;
        assert_eq!(first_bad(&database.store, None).await, None, "from inside the cut cannot be seen");
        assert_eq!(first_bad(&database.store, Some(kept)).await, Some(4), "from outside it can");
    }

    async fn a_log_that_others_write_and_shorten_meanwhile_is_whole(database) {
        six_acts(&database.store).await;
        let others = database.opened_again().await;
        let writing = tokio::spawn(async move {
            for number in 7..=200_u64 {
                let act = Act { actor: String::from("admin"), reason: None, at: seconds(number) };
                others.record_act(act.clone(), "phone.reveal", "contact 7", None).await.unwrap();
                if number.is_multiple_of(10) {
                    others.shorten_audit(seconds(number - 5), act).await.unwrap();
                }
            }
        });
        while !writing.is_finished() {
            assert_eq!(first_bad(&database.store, None).await, None);
        }
        writing.await.unwrap();
        let AuditState::Whole(head) = database.store.verify_audit(None).await.unwrap() else { panic!("broken") };
        assert!(head.sequence > 200, "{head:?}");
    }

    async fn a_log_written_anew_does_not_run_through_a_head_that_was_kept(database) {
        let kept = six_acts(&database.store).await;
        database.tamper("DELETE FROM audit_entries; UPDATE counters SET value = 0 WHERE name = 'audit_entries'").await;
        for _ in 0..6 {
            let act = Act { actor: String::from("forger"), reason: None, at: NOW };
            database.store.record_act(act, "nothing", "nothing", None).await.unwrap();
        }
        assert_eq!(first_bad(&database.store, None).await, None);
        assert_eq!(first_bad(&database.store, Some(kept)).await, Some(4));
    }
}
