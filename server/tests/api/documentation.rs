//! The description of the interface agrees with the interface.

use std::collections::BTreeSet;

use serde_json::Value;
use server::{ErrorCode, Storage, http::routes};
use uuid::Uuid;

use crate::harness::TestApp;

async fn description() -> Value {
    TestApp::start().await.get("/openapi.json").await.expect_ok().body
}

fn operations(description: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = description["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, methods)| {
        methods
            .as_object()
            .unwrap()
            .iter()
            .map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    })
}

#[tokio::test]
async fn every_route_is_described_and_nothing_else() {
    let described: BTreeSet<String> =
        operations(&description().await).map(|(operation, _)| operation).collect();
    let served: BTreeSet<String> =
        routes().iter().map(|(method, path)| format!("{method} {}", path.replace("{*", "{"))).collect();
    assert_eq!(described, served);
    assert_eq!(served.len(), routes().len());
}

#[tokio::test]
async fn every_operation_says_what_it_does_and_gives() {
    let description = description().await;
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    let tags: Vec<&Value> = description["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    for (name, operation) in operations(&description) {
        assert!(!operation["summary"].as_str().unwrap().is_empty(), "{name}");
        assert!(tags.contains(&&operation["tags"][0]), "{name}");
        assert!(!operation["responses"].as_object().unwrap().is_empty(), "{name}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let description = description().await;
    let mut references = Vec::new();
    collect(&description, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        assert!(description.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
}

#[tokio::test]
async fn the_description_knows_the_fields() {
    let description = description().await;
    let schemas = &description["components"]["schemas"];
    let fields = |schema: &str| -> BTreeSet<String> {
        schemas[schema]["properties"].as_object().unwrap().keys().cloned().collect()
    };
    let taken = ["channel", "contact_id", "conversation_id", "explain", "message_id", "text"];
    assert_eq!(fields("AskRequest"), BTreeSet::from(taken.map(str::to_owned)));
    let (storage, _folder) = Storage::temporary().await.unwrap();
    let question = serde_json::json!({ "text": "怎么退款", "conversation_id": Uuid::now_v7().to_string(), "message_id": "1" });
    let sent = TestApp::recording(&storage).await.post("/v1/ask?explain=true", &question).await;
    let sent: BTreeSet<String> = sent.body.as_object().unwrap().keys().cloned().collect();
    assert_eq!(fields("AskResponse"), sent);
    assert_eq!(fields("ErrorBody"), BTreeSet::from(["code", "details", "message"].map(str::to_owned)));
    assert!(schemas["ErrorCode"]["enum"].as_array().unwrap().contains(&"question_too_long".into()));
}

/// The table at the head of `error.rs`: code and status.
fn table() -> Vec<(&'static str, u16)> {
    let rows = include_str!("../../src/error.rs").lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let (code, rest) = row.split_once("` | ").unwrap();
        (code, rest.split(' ').next().unwrap().parse().unwrap())
    })
    .collect()
}

#[tokio::test]
async fn the_table_of_errors_is_complete_and_true() {
    let description = description().await;
    let described = description["components"]["schemas"]["ErrorCode"]["enum"].as_array().unwrap();
    let described: BTreeSet<&str> = described.iter().map(|code| code.as_str().unwrap()).collect();
    assert_eq!(table().iter().map(|(code, _)| *code).collect::<BTreeSet<_>>(), described);
    for (name, status) in table() {
        let code: ErrorCode = serde_json::from_value(name.into()).unwrap();
        assert_eq!((code.as_str(), code.status().as_u16()), (name, status));
    }
}

fn collect<'a>(value: &'a Value, references: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            references.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn the_documentation_can_be_read() {
    let app = TestApp::start().await;
    let page = app.get("/docs").await.expect_ok();
    assert!(page.text.contains("swagger-ui-bundle.js"));
    assert!(page.header("content-security-policy").contains("script-src 'self';"));
    for file in ["swagger-ui-bundle.js", "swagger-ui-standalone-preset.js", "swagger-ui.css", "index.css"] {
        assert!(page.text.contains(file));
        app.get(&format!("/docs/{file}")).await.expect_ok();
    }
    assert!(app.get("/docs/swagger-initializer.js").await.expect_ok().text.contains("\"/openapi.json\""));
}
