//! What is published while the service runs.

use std::{sync::Arc, time::Duration};

use answer::FaqEntry;
use serde_json::json;
use server::{App, Config, Knowledge, Storage};
use store::{Act, Location, NewEntry, Store, Timestamp};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet, time::sleep};
use uuid::Uuid;

use crate::{
    encoder::{CharacterEncoder, Gate},
    harness::{self, TestApp, logged, within},
    reply::Reply,
    shop,
};

/// A service over a store, and the store as another program sees it.
struct Following {
    app: TestApp,
    editor: Store,
    _folder: TempDir,
}

fn act() -> Act {
    Act { actor: String::from("editor"), reason: None, at: Timestamp(1_900_000_000_000) }
}

/// The shop in which refunds are answered with `text`.
fn shop_answering(text: &str) -> Vec<String> {
    let entries = shop::entries().into_iter().map(|entry| match entry.id.as_str() {
        "refund" => FaqEntry { answers: vec![text.to_owned()], ..entry },
        _ => entry,
    });
    entries.map(|entry| serde_json::to_string(&entry).unwrap()).collect()
}

/// Publishes these entries; the number of the version.
async fn publish(store: &Store, entries: Vec<String>) -> i64 {
    let base = store.knowledge_base_named("default", Uuid::now_v7().into(), act()).await.unwrap();
    let rows = entries.into_iter().map(|entry| NewEntry::from_json(entry).unwrap()).collect();
    let revision = store.replace_entries(base.id, base.revision, rows, act()).await.unwrap();
    store.publish(base.id, revision, act()).await.unwrap().version
}

impl Following {
    async fn start(configure: impl FnOnce(&mut Config)) -> Self {
        let (storage, folder) = Storage::temporary().await.unwrap();
        let open = async || Store::open(&Location::File(folder.path().join("yingda.db"))).await.unwrap();
        let editor = open().await;
        assert_eq!(publish(&editor, shop_answering("旧的答案")).await, 1);
        let mut config = harness::config();
        config.knowledge.poll_interval_ms = 20;
        configure(&mut config);
        let knowledge = Knowledge::published(&Arc::new(open().await)).await.unwrap().unwrap();
        let gate = Arc::new(Gate::default());
        let encoder = CharacterEncoder::behind(Arc::clone(&gate));
        let app = App::with_encoder(&config, encoder, knowledge, |_, _| {}).await.unwrap();
        Self { app: TestApp::serve(app.recording(storage), gate).await, editor, _folder: folder }
    }

    async fn refund(&self) -> String {
        let reply = self.app.ask("怎么退款").await.expect_answer("refund");
        reply.body["answer"].as_str().unwrap().to_owned()
    }

    async fn until_refund_is(&self, answer: &str) {
        within(async {
            while self.refund().await != answer {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    }

    async fn metric(&self, name: &str) -> f64 {
        let metrics = self.app.get("/metrics").await.text;
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.expect(name).trim().parse().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_published_is_served_within_moments_and_no_question_fails_meanwhile() {
    let following = Following::start(|_| {}).await;
    assert_eq!(following.refund().await, "旧的答案");
    let (stop, stopped) = watch::channel(false);
    let mut customers = JoinSet::new();
    for _ in 0..4 {
        let (client, stopped) = (reqwest::Client::builder().no_proxy().build().unwrap(), stopped.clone());
        let url = format!("http://{}/v1/ask", following.app.address);
        customers.spawn(async move {
            let mut answers = Vec::new();
            while !*stopped.borrow() {
                let request = client.post(&url).json(&json!({ "text": "怎么退款" }));
                let reply = Reply::read(request.send().await.unwrap()).await.expect_answer("refund");
                answers.push(reply.body["answer"].as_str().unwrap().to_owned());
            }
            answers
        });
    }
    for answer in ["新的答案", "更新的答案"] {
        sleep(Duration::from_millis(50)).await;
        publish(&following.editor, shop_answering(answer)).await;
        following.until_refund_is(answer).await;
    }
    stop.send(true).unwrap();
    let versions = ["旧的答案", "新的答案", "更新的答案"];
    for answers in customers.join_all().await {
        assert!(answers.len() > 2);
        let version = |answer: &String| versions.iter().position(|known| known == answer).unwrap();
        assert!(answers.is_sorted_by_key(version), "nobody goes back to an older version: {answers:?}");
    }
    assert!((following.metric("yingda_knowledge_version").await - 3.0).abs() < 0.1);
    let explained =
        following.app.post("/v1/ask?explain=true", &json!({ "text": "怎么退款" })).await.expect_ok();
    assert_eq!(explained.body["explain"]["knowledge_version"], 3);
}

#[tokio::test]
async fn a_receipt_names_the_version_that_its_question_was_decided_with() {
    let following = Following::start(|_| {}).await;
    let id = Uuid::now_v7();
    let question = |message: &str| json!({ "text": "怎么退款", "conversation_id": id.to_string(), "message_id": message });
    following.app.post("/v1/ask", &question("1")).await.expect_ok();
    publish(&following.editor, shop_answering("新的答案")).await;
    following.until_refund_is("新的答案").await;
    following.app.post("/v1/ask", &question("2")).await.expect_ok();
    let messages = following.editor.messages_of(id.into(), 0, 10).await.unwrap();
    let mut versions = Vec::new();
    for asked in [&messages[0], &messages[2]] {
        let receipt = following.editor.decision_on(asked.id).await.unwrap().unwrap();
        let (number, content) = receipt.snapshot_version.split_once(' ').unwrap();
        assert_eq!(content.len(), 16, "{content}");
        versions.push((number.to_owned(), content.to_owned()));
    }
    assert_eq!((versions[0].0.as_str(), versions[1].0.as_str()), ("1", "2"));
    assert_ne!(versions[0].1, versions[1].1);
}

#[tokio::test]
async fn a_question_under_way_finishes_on_the_version_it_began_with() {
    let following = Following::start(|config| config.model.workers = 2).await;
    following.app.gate.close();
    let asked = following.app.ask_meanwhile("怎么退款");
    following.app.held_up(1).await;
    publish(&following.editor, shop_answering("新的答案")).await;
    // Both wait at the gate: the question, and the vectors of the new version.
    following.app.held_up(2).await;
    following.app.gate.open();
    let reply = within(asked).await.unwrap().unwrap().expect_answer("refund");
    assert_eq!(reply.body["answer"], "旧的答案");
    following.until_refund_is("新的答案").await;
}

#[tokio::test]
async fn a_version_that_cannot_be_built_is_reported_and_the_old_one_goes_on() {
    let following = Following::start(|_| {}).await;
    let broken = json!({ "id": "refund", "question": "怎么退款", "colour": "blue" }).to_string();
    assert_eq!(publish(&following.editor, vec![broken]).await, 2);
    within(async {
        while following.metric("yingda_knowledge_failures_total").await < 1.0 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert_eq!(following.refund().await, "旧的答案");
    let versions = [
        following.metric("yingda_knowledge_version").await,
        following.metric("yingda_knowledge_published_version").await,
    ];
    assert!((versions[0] - 1.0).abs() < 0.1 && (versions[1] - 2.0).abs() < 0.1, "{versions:?}");
    assert!(logged().contains("a published version cannot be served"));
    publish(&following.editor, shop_answering("修好的答案")).await;
    following.until_refund_is("修好的答案").await;
}

#[tokio::test]
async fn with_an_interval_of_zero_another_version_waits_for_the_next_start() {
    let following = Following::start(|config| config.knowledge.poll_interval_ms = 0).await;
    publish(&following.editor, shop_answering("新的答案")).await;
    sleep(Duration::from_millis(200)).await;
    assert_eq!(following.refund().await, "旧的答案");
}
