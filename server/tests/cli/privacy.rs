//! The rights of a person: what is held is exported, erased, kept for a while only; consents are recorded.

use std::{fs, process::Stdio, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};
use store::{
    Act, ContactId, DataClass, DedupeKey, KeyPurpose, KeyState, Location, NewMessage, Sealed, Store,
    Timestamp,
};
use uuid::Uuid;

use crate::{
    people::{SAID, ask, contact, conversation, init, json_of, serve},
    sandbox::Sandbox,
    serving::Serving,
};

/// Written by somebody who would like it to be executed.
const INJECTION: &str = r#"<script>alert(1)</script><img src=x onerror='alert(2)'> & "怎么退款""#;

fn two_people(sandbox: &Sandbox) -> [String; 2] {
    init(sandbox);
    let serving = Serving::start(serve(sandbox));
    ask(&serving, "openid-1", 1, SAID);
    ask(&serving, "openid-1", 2, INJECTION);
    ask(&serving, "openid-2", 1, "我是二号，几点开门");
    drop(serving);
    ["openid-1", "openid-2"].map(|openid| contact(sandbox, openid))
}

#[test]
fn a_person_is_found_by_what_a_channel_calls_it_or_by_a_conversation() {
    let sandbox = Sandbox::new();
    let [first, second] = two_people(&sandbox);
    assert_ne!(first, second);
    let of = json_of(&sandbox, &["contacts", "find", "--conversation", &conversation(2)]);
    assert_eq!(of["contact"], second.as_str());
    let typed = sandbox.yingda(&["contacts", "find", "-", "--channel", "web"]).stdin("openid-1\n");
    assert_eq!(typed.finish().expect(0).stdout.trim(), first);
    sandbox.yingda(&["contacts", "find", "openid-9", "--channel", "web"]).finish().expect(3);
    sandbox.yingda(&["contacts", "find", "openid-1", "--channel", "other"]).finish().expect(3);
    sandbox.yingda(&["contacts", "find", "openid-1"]).finish().expect(2);
    sandbox.yingda(&["contacts", "export", "openid-1"]).finish().expect(2).complains_about(&["UUID"]);
}

#[test]
fn everything_about_a_person_is_exported_and_nothing_about_another() {
    let sandbox = Sandbox::new();
    let [first, second] = two_people(&sandbox);
    let consent = ["--purpose", "marketing", "--text-version", "2026-01", "--channel", "web"];
    json_of(&sandbox, &[&["contacts", "consent", "grant", &first], &consent[..]].concat());
    let exported = json_of(&sandbox, &["contacts", "export", &first, "--reason", "letter"]);
    assert_eq!(exported["format"], "yingda personal data 1");
    assert_eq!(exported["identities"], json!([{ "channel": "web", "identifier": { "text": "openid-1" } }]));
    let [held] = exported["conversations"].as_array().unwrap().as_slice() else { panic!("{exported}") };
    let messages = held["messages"].as_array().unwrap();
    let texts: Vec<&Value> = messages.iter().filter_map(|said| said["content"].get("text")).collect();
    assert_eq!(texts, [SAID, INJECTION]);
    let authors: Vec<&Value> = messages.iter().map(|said| &said["author"]).collect();
    assert_eq!(authors, ["customer", "bot", "customer", "bot"]);
    assert!(messages[1]["content"]["json"]["decision"].is_string(), "{}", messages[1]);
    assert!(
        messages[0]["decision"]["probability"].is_number() && messages[0]["decision"]["features"].is_object()
    );
    assert!(held["events"].as_array().unwrap().len() >= 7, "{}", held["events"]);
    assert_eq!(exported["consents"][0]["purpose"], "marketing");
    let acts: Vec<&Value> = exported["audit"].as_array().unwrap().iter().map(|act| &act["action"]).collect();
    assert_eq!(acts, ["consent.grant", "contact.export"]);
    assert_eq!(exported["audit"][1]["reason"], "letter");
    let text = exported.to_string();
    assert!(!text.contains(&second) && !text.contains("我是二号") && !text.contains("openid-2"));
    assert!(!text.contains("unreadable"), "{text}");
}

#[test]
fn what_people_wrote_is_text_on_the_page() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let written = ["contacts", "export", &first, "--form", "html", "--out", "person.html"];
    sandbox.yingda(&written).finish().expect(0);
    let page = fs::read_to_string(sandbox.path("person.html")).unwrap();
    assert!(page.contains(SAID) && page.contains("自动回复") && page.contains("openid-1"), "{page}");
    assert!(page.contains(
        "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=&#39;alert(2)&#39;&gt; &amp; &quot;"
    ));
    for forbidden in ["<script", "<img", "javascript:", "src=\"", "href=", "@import", "url("] {
        assert!(!page.contains(forbidden), "{forbidden} stands in the page");
    }
    assert!(page.contains("default-src 'none'"));
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(sandbox.path("person.html")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    sandbox.yingda(&written).finish().expect(2).complains_about(&["is not overwritten"]);
    let printed = sandbox.yingda(&["contacts", "export", &first, "--form", "html"]).finish().expect(0).stdout;
    assert!(printed.starts_with("<!doctype html>"));
}

#[test]
fn a_person_is_erased_only_when_its_id_is_typed_twice() {
    let sandbox = Sandbox::new();
    let [first, second] = two_people(&sandbox);
    let counted = json_of(&sandbox, &["contacts", "erase", &first]);
    assert_eq!((&counted["erased"], &counted["rows"]["messages"]), (&json!(false), &json!(4)));
    let shown = sandbox.yingda(&["contacts", "erase", &first]).finish().expect(0).stdout;
    assert!(shown.contains(&format!("repeat with --confirm {first}")), "{shown}");
    let other = sandbox.yingda(&["contacts", "erase", &first, "--confirm", &second]).finish().expect(2);
    other.complains_about(&["nobody was erased"]);
    json_of(&sandbox, &["contacts", "export", &first]);

    let kept = json_of(&sandbox, &["contacts", "export", &second]);
    let erased = json_of(&sandbox, &["contacts", "erase", &first, "--confirm", &first, "--reason", "letter"]);
    assert_eq!((&erased["erased"], &erased["rows"]), (&json!(true), &counted["rows"]));
    for verb in ["export", "erase"] {
        sandbox.yingda(&["contacts", verb, &first]).finish().expect(3).complains_about(&["contacts has no"]);
    }
    sandbox.yingda(&["contacts", "find", "openid-1", "--channel", "web"]).finish().expect(3);
    assert_eq!(json_of(&sandbox, &["contacts", "erased"]), json!([first]));
    let still = json_of(&sandbox, &["contacts", "export", &second]);
    assert_eq!(still["conversations"], kept["conversations"]);
    sandbox.yingda_small(&["doctor"]).variable("YINGDA_SERVER__ADDRESS", "127.0.0.1:0").finish().expect(0);

    // Who comes back is somebody new, also with the same conversation.
    let serving = Serving::start(serve(&sandbox));
    let again = ask(&serving, "openid-1", 1, "怎么退款");
    assert_eq!(again["conversation"]["repeated"], false, "{again}");
    drop(serving);
    assert_ne!(contact(&sandbox, "openid-1"), first);
}

#[test]
fn a_running_service_does_not_answer_from_what_was_erased() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let serving = Serving::start(serve(&sandbox));
    let before = ask(&serving, "openid-1", 1, SAID);
    assert_eq!(before["conversation"]["repeated"], true, "{before}");
    json_of(&sandbox, &["contacts", "erase", &first, "--confirm", &first]);
    let after = ask(&serving, "openid-1", 1, SAID);
    assert_eq!(after["conversation"]["repeated"], false, "{after}");
    assert_ne!(contact(&sandbox, "openid-1"), first);
}

#[test]
fn consents_are_recorded_and_listed() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let said = |verb: &str, purpose: &str| {
        let arguments = [
            "contacts",
            "consent",
            verb,
            &first,
            "--purpose",
            purpose,
            "--text-version",
            "2",
            "--channel",
            "web",
        ];
        json_of(&sandbox, &arguments);
    };
    said("grant", "marketing");
    said("grant", "profiling");
    said("withdraw", "marketing");
    let listed = json_of(&sandbox, &["contacts", "consent", "list", &first]);
    let rows = listed.as_array().unwrap().iter();
    let rows: Vec<Value> = rows.map(|row| json!([row["purpose"], row["granted"], row["holds"]])).collect();
    assert_eq!(
        rows,
        [
            json!(["marketing", true, false]),
            json!(["profiling", true, true]),
            json!(["marketing", false, true])
        ]
    );
    let nobody = ["contacts", "consent", "list", "018f0000-0000-7000-8000-000000000009"];
    sandbox.yingda(&nobody).finish().expect(3);
}

#[test]
fn what_is_old_is_counted_and_forgotten() {
    let sandbox = Sandbox::new();
    two_people(&sandbox);
    let nothing = sandbox.yingda(&["retention", "run"]).finish().expect(0).stdout;
    assert!(nothing.contains("kept for ever"), "{nothing}");
    sandbox.file("yingda.toml", "[retention]\nend_idle_days = 7\n");
    let ends = sandbox.yingda(&["retention", "run", "--dry-run"]).finish().expect(0).stdout;
    assert!(ends.contains("idle conversations are ended"), "{ends}");
    sandbox.file(
        "yingda.toml",
        "[retention]\nmessage_bodies_days = 30\nembeddings_days = 1\nend_idle_days = 7\ncontacts_days = 90\n\
         conversations_days = 60\nconsents_days = 1000\n",
    );
    let overdue = json_of(&sandbox, &["retention", "run", "--dry-run"]);
    let row = |class: &str, days: u32| json!({ "class": class, "days": days, "rows": 0 });
    let rows = [
        row("message_bodies", 30),
        row("conversations", 60),
        row("consents", 1000),
        row("contacts", 90),
        row("embeddings", 1),
    ];
    assert_eq!(overdue, json!(rows), "nothing is that old");
    let forgotten = json_of(&sandbox, &["retention", "run"]);
    assert_eq!(
        forgotten["forgotten"],
        json!({
            "consents": 0, "contacts": 0, "conversations": 0, "embeddings": 0, "ended_conversations": 0,
            "message_bodies": 0
        })
    );
    sandbox.file("yingda.toml", "[retention]\naudit_days = 90\n");
    sandbox
        .yingda(&["retention", "run"])
        .finish()
        .expect(2)
        .complains_about(&["retention.audit_days", "180"]);
}

/// Later than anything in a test.
const LATER: Timestamp = Timestamp(4_000_000_000_000);

/// The store of a sandbox, without the program.
async fn opened(sandbox: &Sandbox) -> Store {
    Store::open(&Location::File(sandbox.path("data/yingda.db"))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_was_stopped_is_finished_by_the_next_that_serves() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let store = opened(&sandbox).await;
    let act = Act { actor: String::from("somebody"), reason: None, at: LATER };
    let contact = first.parse::<Uuid>().unwrap().into();
    store.begin_erasure(contact, act).await.unwrap();
    assert_eq!(store.unfinished_erasures().await.unwrap(), [contact]);
    let serving = Serving::start(serve(&sandbox));
    for _ in 0..1000 {
        if store.unfinished_erasures().await.unwrap().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(serving);
    assert_eq!(store.unfinished_erasures().await.unwrap(), []);
    assert!(store.contact(contact).await.is_err());
}

/// A reader of an older state keeps the last step of an erasure from its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_cannot_be_finished_now_keeps_nothing_else_from_being_forgotten() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let store = opened(&sandbox).await;
    let reader = rusqlite::Connection::open(sandbox.path("data/yingda.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT COUNT(*) FROM keys").unwrap();
    let contact = first.parse::<Uuid>().unwrap().into();
    let act = Act { actor: String::from("somebody"), reason: None, at: LATER };
    store.begin_erasure(contact, act).await.unwrap();
    sandbox.file("yingda.toml", "[retention]\ncontacts_days = 90\njobs_days = 30\n");
    let run = sandbox.yingda(&["retention", "run", "-o", "json"]).finish().expect(0);
    assert!(run.stderr.contains("an erasure is not finished"), "{}", run.stderr);
    assert_eq!(run.json()["forgotten"], json!({ "contacts": 0, "jobs": 0 }));
    assert_eq!(store.unfinished_erasures().await.unwrap(), [contact]);
    reader.execute_batch("ROLLBACK").unwrap();
    json_of(&sandbox, &["retention", "run"]);
    assert_eq!(store.unfinished_erasures().await.unwrap(), []);
}

/// Who forgot what, by the audit log.
async fn retained_by(store: &Store) -> Vec<(String, String)> {
    let entries = store.audit_entries_after(0, 100).await.unwrap().into_iter();
    let of_retention = entries.filter(|entry| ["retention.run", "contact.expire"].contains(&&*entry.action));
    of_retention.map(|entry| (entry.action, entry.actor)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_serve_forgets_by_itself_is_the_services_act_and_what_is_typed_the_operators() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let store = opened(&sandbox).await;
    // Over for decades.
    assert_eq!(store.end_idle_conversations(LATER, 9, Timestamp(1)).await.unwrap(), 2);
    sandbox.file("yingda.toml", "[retention]\nmessage_bodies_days = 30\n");
    let serving = Serving::start(serve(&sandbox));
    for _ in 0..1000 {
        if !retained_by(&store).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(serving);
    let by_itself = (String::from("retention.run"), String::from("service"));
    assert_eq!(retained_by(&store).await, vec![by_itself.clone()]);
    sandbox.file("yingda.toml", "[retention]\nconversations_days = 30\n");
    let typed = json_of(&sandbox, &["retention", "run"]);
    assert_eq!(typed["forgotten"], json!({ "conversations": 2 }));
    let typed = (String::from("retention.run"), String::from("command line"));
    assert_eq!(retained_by(&store).await, [by_itself, typed]);
    assert!(store.contact(first.parse::<Uuid>().unwrap().into()).await.is_ok(), "people stay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_forgotten_is_said_to_be() {
    let sandbox = Sandbox::new();
    let [first, _] = two_people(&sandbox);
    let store = opened(&sandbox).await;
    assert_eq!(store.end_idle_conversations(LATER, 9, Timestamp(1)).await.unwrap(), 2);
    let forgotten = store.forget(DataClass::MessageBodies, LATER, None, 9).await.unwrap();
    assert_eq!(forgotten.rows, 6);
    store.close().await;
    let repeated = ask(&Serving::start(serve(&sandbox)), "openid-1", 1, SAID);
    assert_eq!(repeated["code"], "conflict", "{repeated}");
    assert!(repeated["message"].as_str().unwrap().contains("no longer kept"), "{repeated}");
    let exported = json_of(&sandbox, &["contacts", "export", &first]);
    let said = exported["conversations"][0]["messages"].as_array().unwrap().iter();
    let said: Vec<&Value> = said.map(|said| &said["content"]).collect();
    assert_eq!(said, ["no_longer_kept"; 4]);
    let page = sandbox.yingda(&["contacts", "export", &first, "--form", "html"]).finish().expect(0).stdout;
    assert!(page.contains("no longer kept"));
}

/// More messages of a person than are removed at once. Nobody opens them.
async fn say_much(store: &Store, contact: ContactId, number: usize) {
    let keys = store.keys_of(KeyPurpose::Contact(contact)).await.unwrap();
    let body = Sealed([&[1], &keys[0].id.0.to_be_bytes()[..], &[7; 300]].concat());
    let id = conversation(number).parse::<Uuid>().unwrap().into();
    for group in 0..8_usize {
        let messages = (0..500_usize).map(|message| {
            let dedupe_key = DedupeKey((group * 500 + message).to_be_bytes().to_vec());
            let (kind, body) = (String::from("text"), body.clone());
            let at = Timestamp(1_800_000_000_000);
            let id_of_message = Uuid::now_v7().into();
            store.ingest(NewMessage {
                id: id_of_message,
                conversation: id,
                dedupe_key,
                reply_to: None,
                kind,
                body,
                at,
            })
        });
        join_all(messages.collect::<Vec<_>>()).await.into_iter().for_each(|stored| drop(stored.unwrap()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_is_killed_again_and_again_comes_to_its_end() {
    let sandbox = Sandbox::new();
    let [first, second] = two_people(&sandbox);
    let kept = json_of(&sandbox, &["contacts", "export", &second]);
    let contact = ContactId::from(first.parse::<Uuid>().unwrap());
    let store = opened(&sandbox).await;
    say_much(&store, contact, 1).await;
    let (mut kills, mut stopped_within) = (0, 0);
    while store.contact(contact).await.is_ok() || !store.unfinished_erasures().await.unwrap().is_empty() {
        let run = sandbox.yingda(&["contacts", "erase", &first, "--confirm", &first]);
        let mut process = run.command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Each lives a little longer than the one before it.
        tokio::time::sleep(Duration::from_millis(15 + 15 * kills)).await;
        let _ = process.kill();
        process.wait().unwrap();
        kills += 1;
        assert!(kills < 200, "it does not end");
        stopped_within += u32::from(!store.unfinished_erasures().await.unwrap().is_empty());
    }
    assert!(stopped_within > 0, "no kill met an erasure under way");
    let keys = store.keys_of(KeyPurpose::Contact(contact)).await.unwrap();
    assert!(keys.iter().all(|key| key.state == KeyState::Destroyed && key.wrapped.0.is_empty()));
    let entries = store.audit_entries_after(0, 100).await.unwrap();
    assert_eq!(
        entries.iter().filter(|entry| entry.action == "contact.erase").count(),
        1,
        "one act, one entry"
    );
    store.check().await.unwrap();
    let still = json_of(&sandbox, &["contacts", "export", &second]);
    assert_eq!(still["conversations"], kept["conversations"]);
}
