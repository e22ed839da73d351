//! What was decided, and why.

use store::{DecisionReceipt, Error, HandOff};

use crate::{
    records::{bot_reply, conversation, hand_off, message, new_id, receipt},
    support::on_both_engines,
};

on_both_engines! {
    async fn a_reply_and_its_receipt_are_stored_together_or_not_at_all(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let asked = store.ingest(message(opened.id, "question")).await.unwrap().message.id;
        let mut reply = bot_reply(&opened, "answer");
        reply.receipt = Some(receipt(asked));
        let stale = store::BotReply { owner_epoch: 0, ..reply.clone() };
        assert!(matches!(store.reply(stale).await.unwrap_err(), Error::StaleOwner { .. }));
        assert_eq!(store.decision_on(asked).await.unwrap(), None);
        store.reply(reply).await.unwrap();
        assert_eq!(store.decision_on(asked).await.unwrap(), Some(receipt(asked)));
    }

    async fn a_message_is_decided_on_once(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let asked = store.ingest(message(opened.id, "question")).await.unwrap().message.id;
        store.record_decision(receipt(asked)).await.unwrap();
        store.record_decision(receipt(asked)).await.unwrap();
        assert_eq!(store.events_of(opened.id).await.unwrap().len(), 3, "a repeat changes nothing");
        let other = DecisionReceipt { probability: 0.5, ..receipt(asked) };
        assert!(matches!(store.record_decision(other).await.unwrap_err(), Error::Conflict { .. }));
        assert!(matches!(store.record_decision(receipt(new_id())).await.unwrap_err(), Error::NotFound { .. }));
    }

    async fn a_hand_off_and_its_receipt_are_stored_together_or_not_at_all(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let asked = store.ingest(message(opened.id, "question")).await.unwrap().message.id;
        let giving_up = HandOff { receipt: Some(receipt(asked)), ..hand_off(&opened) };
        let stale = HandOff { owner_epoch: 0, ..giving_up.clone() };
        assert!(matches!(store.hand_off(stale).await.unwrap_err(), Error::StaleOwner { .. }));
        assert_eq!(store.decision_on(asked).await.unwrap(), None);
        store.hand_off(giving_up).await.unwrap();
        assert_eq!(store.decision_on(asked).await.unwrap(), Some(receipt(asked)));
        let elsewhere = conversation(store, "web").await;
        let foreign = HandOff { receipt: Some(receipt(asked)), ..hand_off(&elsewhere) };
        assert!(matches!(store.hand_off(foreign).await.unwrap_err(), Error::NotFound { table: "messages", .. }));
        assert_eq!(store.conversation(elsewhere.id).await.unwrap().owner_epoch, 1);
    }

    async fn a_chance_outside_zero_to_one_is_refused(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let asked = store.ingest(message(opened.id, "question")).await.unwrap().message.id;
        for probability in [1.5, -0.1, f64::NAN] {
            let wrong = DecisionReceipt { probability, ..receipt(asked) };
            assert!(matches!(store.record_decision(wrong).await.unwrap_err(), Error::Invalid { .. }));
        }
    }
}
