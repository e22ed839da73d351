//! Each message is stored once and has its place.

use store::{Author, DedupeKey, Error, NewMessage};

use crate::{
    records::{agent_message, bot_reply, conversation, handling, message, new_id},
    support::on_both_engines,
};

on_both_engines! {
    async fn a_repeated_delivery_brings_back_the_first_result_and_its_reply(database) {
        let store = &database.store;
        let opened = conversation(store, "wechat").await;
        let first = store.ingest(message(opened.id, "msg-1")).await.unwrap();
        assert!(!first.repeated);
        let mut reply = bot_reply(&first.conversation, "reply-to-msg-1");
        reply.message.reply_to = Some(first.message.id);
        let said = store.reply(reply).await.unwrap().message;
        let again = store.ingest(message(opened.id, "msg-1")).await.unwrap();
        assert!(again.repeated);
        assert_eq!(again.message, first.message);
        assert_eq!(again.replies, std::slice::from_ref(&said));
        assert_eq!(store.replies_to(first.message.id).await.unwrap(), [said]);
        assert_eq!(store.messages_of(opened.id, 0, 10).await.unwrap().len(), 2);
    }

    async fn keys_are_unique_within_a_channel_only(database) {
        let store = &database.store;
        for channel in ["wechat", "web"] {
            let opened = conversation(store, channel).await;
            assert!(!store.ingest(message(opened.id, "msg-1")).await.unwrap().repeated);
        }
    }

    async fn messages_are_numbered_without_gaps_whoever_writes(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        store.ingest(message(opened.id, "a")).await.unwrap();
        store.reply(bot_reply(&opened, "b")).await.unwrap();
        let agent = new_id();
        store.take_over(handling(&opened, agent)).await.unwrap();
        store.reply(bot_reply(&opened, "refused")).await.unwrap_err();
        store.say_as_agent(agent_message(opened.id, agent, "c")).await.unwrap();
        let messages = store.messages_of(opened.id, 0, 10).await.unwrap();
        let placed: Vec<(i64, Author)> = messages.iter().map(|found| (found.sequence, found.author)).collect();
        assert_eq!(placed, [(1, Author::Customer), (2, Author::Bot), (3, Author::Agent(agent))]);
        assert_eq!(store.conversation(opened.id).await.unwrap().last_sequence, 3);
        assert_eq!(store.messages_of(opened.id, 1, 1).await.unwrap(), messages[1..2]);
    }

    async fn a_person_who_sends_again_after_a_timeout_has_said_it_once(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let agent = new_id();
        store.take_over(handling(&opened, agent)).await.unwrap();
        let sent = agent_message(opened.id, agent, "made by the client");
        let first = store.say_as_agent(sent.clone()).await.unwrap();
        let again = store.say_as_agent(sent).await.unwrap();
        assert_eq!((first.repeated, again.repeated), (false, true));
        assert_eq!(first.message, again.message);
        let other = store.say_as_agent(agent_message(opened.id, new_id(), "not mine")).await.unwrap_err();
        assert!(matches!(other, Error::StaleOwner { .. }), "{other}");
    }

    async fn a_reply_cannot_take_a_customers_key(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        store.ingest(message(opened.id, "msg-1")).await.unwrap();
        let refused = store.reply(bot_reply(&opened, "msg-1")).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { .. }), "{refused}");
    }

    async fn an_identifier_is_not_used_twice(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let first = message(opened.id, "a");
        store.ingest(first.clone()).await.unwrap();
        let same_id = NewMessage { dedupe_key: DedupeKey(b"b".to_vec()), ..first };
        assert!(matches!(store.ingest(same_id).await.unwrap_err(), Error::Conflict { .. }));
        let next = store.ingest(message(opened.id, "c")).await.unwrap();
        assert_eq!(next.message.sequence, 2, "what failed took no place");
    }

    async fn text_with_a_nul_is_refused_and_bytes_are_kept_as_they_are(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let odd = NewMessage { kind: String::from("te\0xt"), ..message(opened.id, "a") };
        assert!(matches!(store.ingest(odd).await.unwrap_err(), Error::Invalid { .. }));
        let every_byte = store::Sealed((0..=255).collect());
        let kept = NewMessage { body: every_byte.clone(), ..message(opened.id, "b") };
        let id = store.ingest(kept).await.unwrap().message.id;
        assert_eq!(store.message(id).await.unwrap().body, every_byte);
    }

    async fn a_damaged_row_is_named_and_the_rest_is_served(database) {
        let store = &database.store;
        let opened = conversation(store, "web").await;
        let good = store.ingest(message(opened.id, "a")).await.unwrap().message;
        let bad = store.ingest(message(opened.id, "b")).await.unwrap().message;
        database.tamper("UPDATE messages SET id = substr(id, 1, 5) WHERE sequence = 2").await;
        let damaged = store.messages_of(opened.id, 1, 10).await.unwrap_err();
        assert!(matches!(damaged, Error::Corrupt { table: "messages", .. }), "{damaged}");
        assert_eq!(store.message(good.id).await.unwrap(), good);
        assert!(matches!(store.message(bad.id).await.unwrap_err(), Error::NotFound { .. }));
    }
}
