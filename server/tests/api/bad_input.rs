//! Whatever is sent, the reply says what is wrong and where.

use reqwest::Method;
use serde_json::{Value, json};

use crate::{harness::TestApp, reply::Reply};

async fn send(app: &TestApp, body: impl Into<reqwest::Body>) -> Reply {
    app.send(app.request(Method::POST, "/v1/ask").header("content-type", "application/json").body(body)).await
}

#[tokio::test]
async fn texts_that_are_no_question() {
    let app = TestApp::start().await;
    let long = "长".repeat(2_001);
    let megabyte = "a".repeat(1_000_000);
    let cases = [
        ("", "empty_question", Value::Null),
        (" \n\t　", "empty_question", Value::Null),
        ("退\u{0}款", "control_character", json!({ "position": 1 })),
        ("退款\u{1b}[31m", "control_character", json!({ "position": 2 })),
        ("😀👍🏽🎉", "no_words", Value::Null),
        ("？？！……", "no_words", Value::Null),
        (&long, "question_too_long", json!({ "characters": 2_001, "limit": 2_000 })),
        (&megabyte, "question_too_long", json!({ "characters": 1_000_000, "limit": 2_000 })),
    ];
    for (text, code, details) in cases {
        let reply = app.ask(text).await.expect_error(422, code);
        assert_eq!(reply.body["details"], details);
    }
    app.ask(&"长".repeat(2_000)).await.expect_ok();
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let app = TestApp::start().await;
    let cases: [(&[u8], Value); 6] = [
        (b"", json!({ "line": 1, "column": 0 })),
        (b"{\"text\": \"a\"", json!({ "line": 1, "column": 12 })),
        (b"{\"text\":\n  nonsense}", json!({ "line": 2, "column": 4 })),
        (b"{\"text\": \"a\"} {}", json!({ "line": 1, "column": 15 })),
        (b"{\"text\": \"\\ud800\"}", json!({ "line": 1, "column": 17 })),
        (b"{\"text\": \"a\nb\"}", json!({ "line": 2, "column": 0 })),
    ];
    for (body, details) in cases {
        let reply = send(&app, body).await.expect_error(400, "invalid_json");
        assert_eq!(reply.body["details"], details, "{:?}", String::from_utf8_lossy(body));
    }
    let reply = send(&app, &b"{\"text\": \"\xff\xfe\"}"[..]).await.expect_error(400, "invalid_utf8");
    assert_eq!(reply.body["details"], json!({ "position": 10 }));
}

#[tokio::test]
async fn fields_that_do_not_fit() {
    let app = TestApp::start().await;
    let cases = [
        (json!({ "text": "怎么退款", "explian": true }), "`explian`"),
        (json!({ "channel": "web" }), "`text`"),
        (json!({ "text": 5 }), "string"),
        (json!({ "text": "怎么退款", "explain": "yes" }), "boolean"),
        (json!({ "text": null }), "string"),
        (json!([["怎么退款"]]), "string"),
        (json!("怎么退款"), "AskRequest"),
    ];
    for (body, named) in cases {
        let reply = app.post("/v1/ask", &body).await.expect_error(422, "invalid_field");
        assert!(reply.message().contains(named), "{}", reply.text);
        assert!(reply.body["details"]["column"].is_number(), "{}", reply.text);
    }
}

#[tokio::test]
async fn parameters_that_do_not_fit() {
    let app = TestApp::start().await;
    for (query, named) in
        [("explain=maybe", "explain"), ("explian=true", "`explian`"), ("explain=%ff", "explain")]
    {
        let reply = app.post(&format!("/v1/ask?{query}"), &json!({ "text": "怎么退款" })).await;
        let reply = reply.expect_error(400, "invalid_query");
        assert!(reply.message().contains(named), "{}", reply.text);
    }
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json() {
    let app = TestApp::start().await;
    for declared in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let request = app.request(Method::POST, "/v1/ask").header("content-type", declared);
        app.send(request.body("{\"text\": \"怎么退款\"}")).await.expect_error(415, "unsupported_media_type");
    }
    for declared in ["application/json; charset=utf-8", "Application/JSON", "application/vnd.shop+json"] {
        let request = app.request(Method::POST, "/v1/ask").header("content-type", declared);
        app.send(request.body("{\"text\": \"怎么退款\"}")).await.expect_answer("refund");
    }
}

#[tokio::test]
async fn a_body_that_is_too_long() {
    let app = TestApp::with(|config| config.server.max_body_bytes = 2_048).await;
    for length in [2_100, 100_000, 5_000_000] {
        let reply = app.ask(&"a".repeat(length)).await.expect_error(413, "payload_too_large");
        assert_eq!(reply.body["details"], json!({ "limit_bytes": 2_048 }));
    }
    // Without a length in front.
    let pieces = (0..100).map(|_| Ok::<_, std::io::Error>(vec![b' '; 100]));
    let body = reqwest::Body::wrap_stream(futures::stream::iter(pieces));
    send(&app, body).await.expect_error(413, "payload_too_large");
    app.ask("怎么退款").await.expect_answer("refund");
}

#[tokio::test]
async fn places_that_do_not_exist() {
    let app = TestApp::start().await;
    for path in
        ["/v1", "/v2/ask", "/v1/ask/", "/docs/nothing.js", "/docs/%ff", "/assets/../Cargo.toml", "/%ff"]
    {
        app.get(path).await.expect_error(404, "unknown_route");
    }
    for model in ["nothing", "%ff"] {
        app.get(&format!("/v1/models/{model}")).await.expect_compatible_error(404, "model_not_found");
    }
}

#[tokio::test]
async fn methods_that_do_not_fit() {
    let app = TestApp::start().await;
    for (method, path, allowed) in [
        (Method::GET, "/v1/ask", "POST"),
        (Method::DELETE, "/v1/ask", "POST"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::PUT, "/", "GET,HEAD"),
    ] {
        let reply = app.send(app.request(method, path)).await.expect_error(405, "method_not_allowed");
        assert_eq!(reply.header("allow"), allowed, "{path}");
    }
    let reply = app.get("/v1/embeddings").await.expect_compatible_error(405, "method_not_allowed");
    assert_eq!(reply.header("allow"), "POST");
}
