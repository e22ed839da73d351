//! Questions that belong to a conversation: recorded once, with their reply.

use futures::future::join_all;
use serde_json::{Value, json};
use server::Storage;
use store::{
    AgentId, Author, Conversation, ConversationId, EventKind, Handling, Message, Status, Store, Timestamp,
};
use uuid::Uuid;

use crate::{
    database::{Database, on_both_engines},
    harness::TestApp,
    reply::Reply,
};

/// A service that records, and its store as another program sees it.
struct Recorded {
    app: TestApp,
    storage: Storage,
    store: Store,
    _database: Database,
}

impl Recorded {
    async fn start(database: Database) -> Self {
        let storage = Storage::sealed_for_this_process(&database.location).await.unwrap();
        let store = Store::open(&database.location).await.unwrap();
        Self { app: TestApp::recording(&storage).await, storage, store, _database: database }
    }

    async fn conversation(&self, id: Uuid) -> Conversation {
        self.store.conversation(id.into()).await.unwrap()
    }

    async fn events(&self) -> usize {
        usize::try_from(self.store.latest_event().await.unwrap()).unwrap()
    }

    async fn messages(&self, id: Uuid) -> Vec<Message> {
        self.store.messages_of(ConversationId::from(id), 0, 100).await.unwrap()
    }
}

fn question(conversation: Uuid, message: &str, text: &str) -> Value {
    json!({ "text": text, "conversation_id": conversation.to_string(), "message_id": message })
}

async fn ask(app: &TestApp, conversation: Uuid, message: &str, text: &str) -> Reply {
    app.post("/v1/ask", &question(conversation, message, text)).await
}

/// What depends on the decision alone.
fn decided(reply: &Reply) -> Value {
    let mut body = reply.body.clone();
    for of_this_request in ["trace_id", "took_ms", "conversation"] {
        body.as_object_mut().unwrap().remove(of_this_request);
    }
    body
}

on_both_engines! {
    async fn a_question_is_recorded_with_its_reply_and_why(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7();
        let reply = ask(&recorded.app, id, "m-1", "怎么退款").await.expect_answer("refund");
        assert_eq!(reply.body["conversation"]["id"], id.to_string());
        assert_eq!(reply.body["conversation"]["owner"], "bot");
        assert_eq!(reply.body["conversation"]["repeated"], false);
        let messages = recorded.messages(id).await;
        let authors: Vec<_> = messages.iter().map(|message| (message.author, message.kind.as_str())).collect();
        assert_eq!(authors, [(Author::Customer, "text"), (Author::Bot, "decision")]);
        assert_eq!(messages[1].reply_to, Some(messages[0].id));
        assert_eq!(reply.body["conversation"]["message"], messages[0].id.to_string());
        let receipt = recorded.store.decision_on(messages[0].id).await.unwrap().unwrap();
        assert_eq!((receipt.entry_id.as_deref(), receipt.band.as_str()), (Some("refund"), "answer"));
        assert_eq!(receipt.matched_phrasing.as_deref(), Some("怎么退款"));
        assert!((receipt.probability - reply.body["confidence"].as_f64().unwrap()).abs() < 1e-6);
        let features: Value = serde_json::from_str(&receipt.features).unwrap();
        assert!(!features.as_object().unwrap().is_empty());
        assert_eq!(recorded.events().await, 4, "begun, asked, decided, replied");
    }

    async fn a_message_sent_again_gets_the_reply_that_was_stored_also_from_another_process(database) {
        let recorded = Recorded::start(database).await;
        let (id, other) = (Uuid::now_v7(), TestApp::recording(&recorded.storage).await);
        for (message, text) in [("m-1", "怎么退款"), ("m-2", "会员等级如何"), ("m-3", "量子力学的测量问题")]
        {
            let first = ask(&recorded.app, id, message, text).await.expect_ok();
            for app in [&recorded.app, &other] {
                let again = ask(app, id, message, text).await.expect_ok();
                assert_eq!(decided(&again), decided(&first));
                assert_eq!(again.body["conversation"]["message"], first.body["conversation"]["message"]);
                assert_eq!(again.body["conversation"]["repeated"], true);
            }
        }
        assert_eq!(recorded.messages(id).await.len(), 6);
    }

    async fn a_message_delivered_many_times_at_once_is_stored_and_answered_once(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7();
        let replies = join_all((0..20).map(|_| ask(&recorded.app, id, "m-1", "怎么退款"))).await;
        let first = decided(&replies[0]);
        for reply in replies {
            assert_eq!(decided(&reply.expect_answer("refund")), first);
        }
        assert_eq!(recorded.messages(id).await.len(), 2);
    }

    async fn a_message_whose_reply_was_never_decided_is_decided_when_it_is_sent_again(database) {
        let recorded = Recorded::start(database).await;
        let hasty = |config: &mut server::Config| config.server.request_timeout_ms = 300;
        let app = TestApp::recording_with(&recorded.storage, hasty).await;
        let id = Uuid::now_v7();
        app.gate.close();
        ask(&app, id, "m-1", "怎么退款").await.expect_error(504, "timeout");
        let stored = recorded.messages(id).await;
        assert_eq!(stored.iter().map(|message| message.author).collect::<Vec<_>>(), [Author::Customer]);
        app.gate.open();
        let reply = ask(&app, id, "m-1", "怎么退款").await.expect_answer("refund");
        assert_eq!(reply.body["conversation"]["message"], stored[0].id.to_string());
        assert_eq!(recorded.messages(id).await.len(), 2);
    }

    async fn what_the_bot_cannot_answer_waits_for_a_person_and_is_handed_over_once(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7();
        let reply = ask(&recorded.app, id, "m-1", "量子力学的测量问题").await.expect_hand_off("low_confidence");
        assert_eq!(reply.body["conversation"]["owner"], "queued");
        let queued = recorded.conversation(id).await;
        assert_eq!(queued.owner.status(), Status::Queued);
        assert_eq!(queued.hand_off_reason.as_deref(), Some("low_confidence"));
        ask(&recorded.app, id, "m-1", "量子力学的测量问题").await.expect_hand_off("low_confidence");
        ask(&recorded.app, id, "m-2", "量子力学的测量问题").await.expect_hand_off("low_confidence");
        let answered = ask(&recorded.app, id, "m-3", "怎么退款").await.expect_answer("refund");
        assert_eq!(answered.body["conversation"]["owner"], "queued", "the bot still answers what it can");
        assert_eq!(recorded.conversation(id).await.owner_epoch, queued.owner_epoch);
    }

    async fn the_bot_is_silent_while_a_person_answers(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7();
        ask(&recorded.app, id, "m-1", "怎么退款").await.expect_ok();
        let (agent, at) = (AgentId::from(Uuid::now_v7()), Timestamp(1_900_000_000_000));
        let owner_epoch = recorded.conversation(id).await.owner_epoch;
        let taken = Handling { conversation: id.into(), owner_epoch, agent, at };
        recorded.store.take_over(taken).await.unwrap();
        let reply = ask(&recorded.app, id, "m-2", "几天能送到").await.expect_hand_off("assigned");
        assert_eq!(reply.body["conversation"]["owner"], "assigned");
        let messages = recorded.messages(id).await;
        assert_eq!(messages.last().unwrap().author, Author::Customer, "stored, and not replied to");
        let ended = recorded.conversation(id).await;
        let ended = Handling { owner_epoch: ended.owner_epoch, ..taken };
        recorded.store.resolve(ended).await.unwrap();
        ask(&recorded.app, id, "m-3", "怎么退款").await.expect_error(409, "conflict");
        ask(&recorded.app, id, "m-1", "怎么退款").await.expect_answer("refund");
    }

    async fn a_contact_is_recognised_and_has_one_open_conversation_on_a_channel(database) {
        let recorded = Recorded::start(database).await;
        let known = |conversation: Uuid, message: &str, contact: &str, channel: &str| {
            let mut question = question(conversation, message, "怎么退款");
            question["contact_id"] = contact.into();
            question["channel"] = channel.into();
            question
        };
        let (first, second, third) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
        let post = async |question: Value| recorded.app.post("/v1/ask", &question).await;
        post(known(first, "1", "openid-1", "wechat")).await.expect_answer("refund");
        let refused = post(known(second, "1", "openid-1", "wechat")).await.expect_error(409, "conflict");
        assert_eq!(refused.body["details"]["open_conversation"], first.to_string());
        post(known(first, "2", "openid-2", "wechat")).await.expect_error(409, "conflict");
        post(known(first, "2", "openid-1", "web")).await.expect_error(409, "conflict");
        let contacts = recorded.store.contacts_after(None, 9).await.unwrap();
        assert_eq!(contacts.len(), 1, "whoever is refused leaves nothing behind");
        post(known(second, "1", "openid-2", "wechat")).await.expect_answer("refund");
        post(known(third, "1", "openid-1", "web")).await.expect_answer("refund");
        let contacts = [first, second, third].map(|id| recorded.store.conversation(id.into()));
        let contacts: Vec<_> = join_all(contacts).await.into_iter().map(|found| found.unwrap().contact).collect();
        assert_ne!(contacts[0], contacts[1]);
        // Who is the same on two channels is not for the bot to say.
        assert_ne!(contacts[0], contacts[2]);
    }

    async fn of_two_people_who_begin_one_conversation_at_once_one_is_told_whose_it_is(database) {
        let recorded = Recorded::start(database).await;
        for round in 0..5 {
            let id = Uuid::now_v7();
            let questions = ["a", "b"].map(|person| {
                let mut question = question(id, "1", "怎么退款");
                question["contact_id"] = format!("openid-{person}-{round}").into();
                question
            });
            let [first, second] = &questions;
            let (first, second) =
                futures::join!(recorded.app.post("/v1/ask", first), recorded.app.post("/v1/ask", second));
            let (answered, refused) = if first.status == 200 { (first, second) } else { (second, first) };
            answered.expect_answer("refund");
            let refused = refused.expect_error(409, "conflict");
            assert_eq!(refused.message(), "the conversation belongs to another contact or channel");
        }
    }

    async fn an_identifier_of_a_message_stands_for_one_text(database) {
        let recorded = Recorded::start(database).await;
        let (id, other) = (Uuid::now_v7(), Uuid::now_v7());
        ask(&recorded.app, id, "m-1", "怎么退款").await.expect_answer("refund");
        ask(&recorded.app, id, "m-1", "几天能送到").await.expect_error(409, "conflict");
        ask(&recorded.app, other, "m-1", "几天能送到").await.expect_answer("delivery");
    }

    async fn what_is_missing_or_wrong_is_named(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7().to_string();
        let text = "怎么退款";
        for (question, field) in [
            (json!({ "text": text, "conversation_id": id }), "message_id"),
            (json!({ "text": text, "conversation_id": id, "message_id": "" }), "message_id"),
            (json!({ "text": text, "conversation_id": id, "message_id": "x".repeat(129) }), "message_id"),
            (json!({ "text": text, "conversation_id": "13800138000", "message_id": "1" }), "conversation_id"),
            (json!({ "text": text, "message_id": "1" }), "message_id"),
            (json!({ "text": text, "contact_id": "1" }), "contact_id"),
            (
                json!({ "text": text, "conversation_id": id, "message_id": "1", "contact_id": "a\0" }),
                "contact_id",
            ),
            (json!({ "text": text, "conversation_id": id, "message_id": "1", "channel": "" }), "channel"),
        ] {
            let refused = recorded.app.post("/v1/ask", &question).await.expect_error(422, "invalid_field");
            assert_eq!(refused.body["details"]["param"], field, "{question}");
        }
        ask(&recorded.app, Uuid::now_v7(), "1", "👍").await.expect_error(422, "no_words");
        assert_eq!(recorded.events().await, 0);
    }

    async fn without_a_conversation_nothing_is_recorded(database) {
        let recorded = Recorded::start(database).await;
        let reply = recorded.app.ask("怎么退款").await.expect_answer("refund");
        assert!(reply.body.get("conversation").is_none());
        assert_eq!(recorded.events().await, 0);
        assert_eq!(recorded.store.contacts_after(None, 9).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_service_without_a_store_says_that_it_records_nothing() {
    let app = TestApp::start().await;
    let refused = ask(&app, Uuid::now_v7(), "1", "怎么退款").await.expect_error(422, "invalid_field");
    assert!(refused.message().contains("yingda keys init"), "{}", refused.message());
}

async fn end(app: &TestApp, conversation: &str) -> Reply {
    app.send(app.request(reqwest::Method::POST, &format!("/v1/conversations/{conversation}/end"))).await
}

on_both_engines! {
    async fn a_conversation_is_ended_once_whoever_answers_and_its_contact_may_begin_another(database) {
        let recorded = Recorded::start(database).await;
        let by_contact = |conversation: Uuid, message: &str, text: &str| {
            let mut question = question(conversation, message, text);
            question["contact_id"] = "openid-1".into();
            question
        };
        for text in ["怎么退款", "量子力学的测量问题"] {
            let id = Uuid::now_v7();
            let first = recorded.app.post("/v1/ask", &by_contact(id, "1", text)).await.expect_ok();
            for _ in 0..2 {
                let ended = end(&recorded.app, &id.to_string()).await.expect_ok();
                assert_eq!(ended.body, json!({ "id": id.to_string(), "owner": "resolved" }));
            }
            assert_eq!(recorded.conversation(id).await.owner.status(), Status::Resolved);
            let events = recorded.store.events_of(id.into()).await.unwrap();
            assert_eq!(events.iter().filter(|event| event.kind == EventKind::Resolved).count(), 1);
            recorded.app.post("/v1/ask", &by_contact(id, "2", text)).await.expect_error(409, "conflict");
            let again = recorded.app.post("/v1/ask", &by_contact(id, "1", text)).await.expect_ok();
            assert_eq!(decided(&again), decided(&first), "what was stored is still told");
            assert_eq!(again.body["conversation"]["owner"], "resolved");
        }
    }

    async fn a_conversation_that_nobody_began_cannot_be_ended(database) {
        let recorded = Recorded::start(database).await;
        let unknown = Uuid::now_v7().to_string();
        end(&recorded.app, &unknown).await.expect_error(404, "conversation_not_found");
        for no_id in ["13800138000", "%ff"] {
            end(&recorded.app, no_id).await.expect_error(422, "invalid_field");
        }
        assert_eq!(recorded.events().await, 0);
        end(&TestApp::start().await, &unknown).await.expect_error(422, "invalid_field");
    }

    async fn a_question_under_way_when_its_conversation_is_ended_gets_no_reply(database) {
        let recorded = Recorded::start(database).await;
        let id = Uuid::now_v7();
        ask(&recorded.app, id, "1", "怎么退款").await.expect_ok();
        recorded.app.gate.close();
        let asking = ask(&recorded.app, id, "2", "几天能送到");
        let ending = async {
            recorded.app.held_up(1).await;
            end(&recorded.app, &id.to_string()).await.expect_ok();
            recorded.app.gate.open();
        };
        let (reply, ()) = futures::join!(asking, ending);
        reply.expect_error(409, "conflict");
        assert_eq!(recorded.messages(id).await.last().unwrap().author, Author::Customer);
    }
}
