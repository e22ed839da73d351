//! A database that has been used for a while: two people who did the same, knowledge, settings, jobs.

use std::time::Duration;

use store::{
    AgentId, Attempted, ConsentId, ConsentStatement, ContactId, Conversation, Error, Handling, JobId, KeyId,
    KeyPurpose, Label, NewConversation, NewEntry, NewIdentity, NewJob, NewMessage, ProfileChange,
    SettingValue, Store,
};

use crate::records::{
    NOW, act, agent_message, bot_reply, claim_request, hand_off, identity, index, key, message, new_id,
    receipt, sealed, sealed_with, seconds,
};

/// A person of this database.
pub(crate) struct Person {
    pub(crate) contact: ContactId,
    /// Seals what is personal of it; its bytes hold `wrapped-secret` and the number.
    pub(crate) key: KeyId,
    /// One that is over.
    pub(crate) over: Conversation,
    /// One that the bot answers.
    pub(crate) open: Conversation,
}

/// Rows in every table; two people, numbered 1 and 2.
pub(crate) async fn fill(store: &Store) -> [Person; 2] {
    let base = store.knowledge_base_named("shop", new_id(), act()).await.unwrap();
    let entry = r#"{"id":"refund","question":"怎么退货","similar":["想退货"],"answers":["七天内可退"]}"#;
    let entries = vec![NewEntry::from_json(entry).unwrap()];
    let revision = store.replace_entries(base.id, base.revision, entries, act()).await.unwrap();
    let (text, entry_id) = (String::from("退"), Some(String::from("refund")));
    let (source, labelled_by) = (String::from("correction"), String::from("editor-1"));
    let note = Some(String::from("asked by telephone"));
    let label =
        Label { id: new_id(), knowledge_base: base.id, text, entry_id, source, note, labelled_by, at: NOW };
    store.store_labels(vec![label]).await.unwrap();
    store.publish(base.id, revision, act()).await.unwrap();
    store.cache_embeddings("model", vec![([7; 32], vec![1, 2, 3])], NOW).await.unwrap();
    store.change_setting("token", SettingValue::Sealed(sealed("token")), 0, act()).await.unwrap();
    store.change_setting("hours", SettingValue::Plain(String::from("[9]")), 0, act()).await.unwrap();
    let job = NewJob { id: new_id::<JobId>(), kind: "index".into(), input: "{}".into(), at: NOW };
    store.ask_for_job(job).await.unwrap();
    [person(store, 1).await, person(store, 2).await]
}

/// Everything that can be known of a person.
pub(crate) async fn person(store: &Store, number: i64) -> Person {
    let (contact, own) = (new_id::<ContactId>(), KeyId(1000 + number));
    let mut stored = key(own, KeyPurpose::Contact(contact));
    stored.wrapped = store::Wrapped(format!("\0key-id-8wrapped-secret-{number}").into_bytes());
    assert!(store.add_key(stored, None).await.unwrap());
    let known = identity("web", &format!("visitor {number}"));
    let external_id = sealed_with(own, &format!("personal-{number} openid"));
    store.contact_of_identity(NewIdentity { contact, external_id, ..known }).await.unwrap();
    let lookups = vec![(String::from("phone"), index(&format!("138 {number}")))];
    let profile = Some(sealed_with(own, &format!("personal-{number} profile")));
    let changed = vec![String::from("phone")];
    let change = ProfileChange { contact, revision: 1, profile, lookups, changed };
    store.change_profile(change, act()).await.unwrap();
    for (granted, at) in [(true, 1), (false, 2)] {
        let statement = ConsentStatement {
            id: new_id::<ConsentId>(),
            contact,
            purpose: String::from("marketing"),
            text_version: String::from("2026-01"),
            granted,
            channel: String::from("web"),
        };
        store.record_consent(statement, store::Act { at: seconds(at), ..act() }).await.unwrap();
    }
    let over = conversation(store, contact, own, number).await;
    let over = taken_over_and_ended(store, &over, own, number).await;
    let open = conversation(store, contact, own, number + 10).await;
    let reason = Some(String::from("asked for it"));
    let shown = store::Act { reason, ..act() };
    store.record_act(shown, "phone.reveal", &contact.to_string(), None).await.unwrap();
    Person { contact, key: own, over, open }
}

/// A question, its decision, a reply that is sent, and one that failed.
async fn conversation(store: &Store, contact: ContactId, own: KeyId, number: i64) -> Conversation {
    let new =
        NewConversation { id: new_id(), contact, channel: String::from("web"), priority: 0, at: seconds(5) };
    let opened = store.open_conversation(new).await.unwrap();
    let said = |text: &str| {
        let body = sealed_with(own, &format!("personal-{number} {text}"));
        NewMessage { body, ..message(opened.id, &format!("{number} {text}")) }
    };
    let question = store.ingest(said("question")).await.unwrap().message.id;
    let mut reply = bot_reply(&opened, "");
    reply.message = NewMessage { reply_to: Some(question), ..said("reply") };
    reply.receipt = Some(receipt(question));
    store.reply(reply).await.unwrap();
    let claims = store.claim_outbox(claim_request("web", seconds(9))).await.unwrap();
    for claim in claims {
        let sent = Attempted::Sent(Some(String::from("platform-7")));
        assert!(store.record_attempt(&claim, sent, seconds(10)).await.unwrap());
    }
    store.conversation(opened.id).await.unwrap()
}

async fn taken_over_and_ended(store: &Store, opened: &Conversation, own: KeyId, number: i64) -> Conversation {
    let summary = Some(sealed_with(own, &format!("personal-{number} summary")));
    let queued = store.hand_off(store::HandOff { summary, ..hand_off(opened) }).await.unwrap();
    let agent = new_id::<AgentId>();
    let handling = |found: &Conversation, at| Handling {
        conversation: found.id,
        owner_epoch: found.owner_epoch,
        agent,
        at,
    };
    let taken = store.take_over(handling(&queued, seconds(11))).await.unwrap();
    let mut said = agent_message(opened.id, agent, &format!("{number} agent"));
    said.message.body = sealed_with(own, &format!("personal-{number} agent"));
    store.say_as_agent(said).await.unwrap();
    for claim in store.claim_outbox(claim_request("web", seconds(9))).await.unwrap() {
        let failed = Attempted::Failed(String::from("gone"));
        assert!(store.record_attempt(&claim, failed, seconds(12)).await.unwrap());
    }
    store.resolve(handling(&taken, seconds(13))).await.unwrap()
}

/// Lets an erasure that has begun come to its end, a few rows at a time; how many steps it took.
pub(crate) async fn finish_erasure(store: &Store, contact: ContactId) -> usize {
    for steps in 1..1000 {
        match store.continue_erasures(&[contact], 2, NOW.plus(Duration::from_secs(60))).await {
            Ok(true) => return steps,
            Ok(false) => {}
            Err(error @ Error::Unavailable { .. }) => panic!("{error}"),
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it does not end")
}
