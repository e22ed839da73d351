//! A person who was erased is nowhere, also where a backup that was made before is restored.

use std::{fs, path::PathBuf};

use reqwest::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    backups::{Reader, restored},
    clear_text::Search,
    dump::dump,
    engine::Engine,
    installation::{Installation, Masters},
    rows::Rows,
    service::Service,
};

const MASTERS: Masters = Masters::Only(0);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_erased_does_not_come_back_with_a_backup_on_sqlite() {
    stay_erased(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_erased_does_not_come_back_with_a_backup_on_postgres() {
    if let Some(engine) = Engine::postgres().await {
        stay_erased(engine).await;
    }
}

async fn stay_erased(engine: Engine) {
    let installation = Installation::new(engine);
    let reader = Reader::of(&installation);
    let people = ["openid-one", "openid-two", "openid-three"];
    let service = Service::start(&installation, MASTERS, "warn");
    for openid in people {
        speak(&service, openid).await;
    }
    service.kill();
    let [gone, stays] = ["openid-one", "openid-two"].map(|openid| contact(&installation, openid));
    let consent = ["--purpose", "marketing", "--text-version", "1", "--channel", "web"];
    for contact in [&gone, &stays] {
        installation.json(MASTERS, &[&["contacts", "consent", "grant", contact], &consent[..]].concat());
    }
    installation.json(MASTERS, &["backup", "before.age", "--recipient", &reader.recipient]);
    let key = Rows::of(&installation).await.wrapped_keys_of(&gone).await;
    let [key] = key.as_slice() else { panic!("one key each") };
    let key = Search::of_bytes("the key of the person", key.clone());
    assert!(!holders(&installation, &key).await.is_empty(), "the search is blind");
    assert_eq!(key.within(&reader.read(&installation, "before.age")).len(), 1, "the backup holds the key");

    installation.json(MASTERS, &["contacts", "erase", &gone, "--confirm", &gone]);
    let erased = installation.yingda(MASTERS, &["contacts", "erased"]).finish().expect(0).json();
    assert_eq!(erased, json!([gone]));
    fs::write(installation.path("erased.txt"), &gone).unwrap();
    let list = installation.path("erased.txt").display().to_string();
    let restored = restored(&installation, MASTERS, "before.age", &["--erased", &list]).await;
    for place in [&installation, &restored] {
        assert_eq!(holders(place, &key).await, Vec::<PathBuf>::new(), "the key is still there");
        // Nothing is left that the person's key sealed, and nothing of the key itself.
        Rows::of(place).await.assert_nothing_on_an_old_key().await;
        place.yingda(MASTERS, &["contacts", "export", &gone]).finish().expect(3);
        let export = place.json(MASTERS, &["contacts", "export", &stays]);
        assert!(export["conversations"].to_string().contains("我是openid-two，怎么退款"), "{export}");
    }
    assert_eq!(rows(&restored).await, rows(&installation).await, "everybody else's rows, byte by byte");
}

async fn speak(service: &Service, openid: &str) {
    let conversation = Uuid::now_v7().to_string();
    for (message, what) in [("1", "怎么退款"), ("2", "量子力学的测量问题")] {
        let body = json!({
            "text": format!("我是{openid}，{what}"), "channel": "web", "contact_id": openid,
            "conversation_id": conversation, "message_id": message,
        });
        let (status, reply) = service.post("/v1/ask", &body).await.unwrap();
        assert_eq!(status, StatusCode::OK, "{reply}");
    }
}

fn contact(installation: &Installation, openid: &str) -> String {
    let found: Value = installation.json(MASTERS, &["contacts", "find", openid, "--channel", "web"]);
    found["contact"].as_str().unwrap().to_owned()
}

/// The files of the database that hold what is looked for. What PostgreSQL has logged it recycles later.
async fn holders(installation: &Installation, search: &Search) -> Vec<PathBuf> {
    if let Engine::Postgres { .. } = installation.engine {
        // What is in the server's memory only would not be found.
        Rows::of(installation).await.change("CHECKPOINT").await;
    }
    let found = installation.searched(search).found.into_iter().map(|(path, _)| path);
    found.filter(|path| !path.components().any(|part| part.as_os_str() == "pg_wal")).collect()
}

/// Every row, but those of acts: erasing again is an act of its own.
async fn rows(installation: &Installation) -> Vec<(String, String)> {
    let of_acts = ["audit_entries", "counters", "jobs"];
    let mut rows = dump(&installation.location()).await;
    rows.retain(|(table, _)| !of_acts.contains(&table.as_str()));
    rows.sort();
    assert!(rows.len() > 50, "only {} rows", rows.len());
    rows
}
