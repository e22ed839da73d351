//! What is sent to the customer, and what nobody knows about.

use store::{Attempted, DeliveryState, Error, EventKind, Store, Timestamp};

use crate::{
    records::{NOW, act, bot_reply, claim_request, conversation, seconds},
    support::on_both_engines,
};

async fn state(store: &Store, message: store::MessageId) -> DeliveryState {
    store.delivery_of(message).await.unwrap().unwrap().state
}

/// A conversation on `channel` with one message in the outbox, claimed.
async fn claimed(store: &Store, channel: &str) -> store::Claim {
    let opened = conversation(store, channel).await;
    store.reply(bot_reply(&opened, "reply")).await.unwrap();
    store.claim_outbox(claim_request(channel, NOW)).await.unwrap().remove(0)
}

on_both_engines! {
    async fn a_message_is_claimed_by_one_and_sent_once(database) {
        let store = &database.store;
        let claim = claimed(store, "web").await;
        assert_eq!(store.claim_outbox(claim_request("web", NOW)).await.unwrap(), []);
        let sent = Attempted::Sent(Some(String::from("platform-7")));
        assert!(store.record_attempt(&claim, sent.clone(), NOW).await.unwrap());
        assert!(!store.record_attempt(&claim, sent, NOW).await.unwrap(), "it is recorded already");
        let entry = store.delivery_of(claim.message.id).await.unwrap().unwrap();
        assert_eq!((entry.state, entry.platform_reference.as_deref()), (DeliveryState::Sent, Some("platform-7")));
        assert_eq!(store.claim_outbox(claim_request("web", seconds(1000))).await.unwrap(), []);
    }

    async fn messages_of_a_conversation_are_sent_in_order(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        for key in ["one", "two"] {
            store.reply(bot_reply(&opened, key)).await.unwrap();
        }
        let first = store.claim_outbox(claim_request("web", NOW)).await.unwrap();
        assert_eq!(first.iter().map(|claim| claim.message.sequence).collect::<Vec<_>>(), [1]);
        let retry = Attempted::Retry { failure: String::from("busy"), not_before: seconds(10) };
        store.record_attempt(&first[0], retry, NOW).await.unwrap();
        assert_eq!(store.claim_outbox(claim_request("web", NOW)).await.unwrap(), [], "the second waits for the first");
        let again = store.claim_outbox(claim_request("web", seconds(10))).await.unwrap();
        assert_eq!((again[0].message.sequence, again[0].attempt), (1, 2));
        store.record_attempt(&again[0], Attempted::Sent(None), seconds(10)).await.unwrap();
        let second = store.claim_outbox(claim_request("web", seconds(10))).await.unwrap();
        assert_eq!(second[0].message.sequence, 2);
    }

    async fn who_disappears_while_sending_leaves_an_unknown_that_is_not_sent_again_by_itself(database) {
        let store = &database.store;
        let claim = claimed(store, "web").await;
        assert_eq!(store.expire_claims(seconds(29)).await.unwrap(), []);
        assert_eq!(store.expire_claims(seconds(30)).await.unwrap(), [claim.message.id]);
        assert_eq!(state(store, claim.message.id).await, DeliveryState::DeliveryUnknown);
        assert_eq!(store.claim_outbox(claim_request("web", seconds(1000))).await.unwrap(), []);
        let events = store.events_of(claim.message.conversation).await.unwrap();
        assert_eq!(events.last().unwrap().kind, EventKind::DeliveryUnknown);
    }

    async fn a_person_decides_about_an_unknown_and_that_is_audited(database) {
        let store = &database.store;
        let claim = claimed(store, "web").await;
        let too_early = store.send_again(claim.message.id, act()).await.unwrap_err();
        assert!(matches!(too_early, Error::Conflict { .. }), "{too_early}");
        store.expire_claims(seconds(30)).await.unwrap();
        store.send_again(claim.message.id, act()).await.unwrap();
        let again = store.claim_outbox(claim_request("web", seconds(60))).await.unwrap();
        assert_eq!(again[0].attempt, 2);
        assert!(!store.record_attempt(&claim, Attempted::Sent(None), seconds(61)).await.unwrap());
        assert_eq!(state(store, claim.message.id).await, DeliveryState::Claimed);
        let audited = store.audit_entries_after(0, 10).await.unwrap();
        assert_eq!(audited[0].action, "message.send_again");
    }

    async fn a_late_answer_settles_an_unknown(database) {
        let store = &database.store;
        let claim = claimed(store, "web").await;
        store.expire_claims(seconds(30)).await.unwrap();
        assert!(store.record_attempt(&claim, Attempted::Sent(None), seconds(31)).await.unwrap());
        assert_eq!(state(store, claim.message.id).await, DeliveryState::Sent);
    }

    async fn a_message_that_is_given_up_lets_the_next_one_pass(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        for key in ["one", "two"] {
            store.reply(bot_reply(&opened, key)).await.unwrap();
        }
        let first = store.claim_outbox(claim_request("web", NOW)).await.unwrap().remove(0);
        store.record_attempt(&first, Attempted::Failed(String::from("blocked")), NOW).await.unwrap();
        assert_eq!(state(store, first.message.id).await, DeliveryState::Failed);
        let entry = store.delivery_of(first.message.id).await.unwrap().unwrap();
        assert_eq!(entry.failure.as_deref(), Some("blocked"));
        assert_eq!(store.claim_outbox(claim_request("web", NOW)).await.unwrap()[0].message.sequence, 2);
    }

    async fn a_channel_takes_only_its_own_messages_when_they_are_due(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        store.reply(bot_reply(&opened, "reply")).await.unwrap();
        assert_eq!(store.claim_outbox(claim_request("wechat", NOW)).await.unwrap(), []);
        assert_eq!(store.claim_outbox(claim_request("web", Timestamp(NOW.0 - 1))).await.unwrap(), []);
        assert_eq!(store.claim_outbox(claim_request("web", NOW)).await.unwrap().len(), 1);
    }
}
