//! Too much, and too slow.

use serde_json::json;

use crate::harness::{TestApp, within};

#[tokio::test]
async fn more_requests_than_allowed_are_refused_at_once() {
    let app = TestApp::with(|config| config.server.max_in_flight = 1).await;
    app.gate.close();
    let first = app.ask_meanwhile("怎么退款");
    app.held_up(1).await;
    let refused = app.ask("几天能送到").await.expect_error(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    let body = json!({ "model": "yingda", "messages": [{ "role": "user", "content": "怎么退款" }] });
    let refused = app.post("/v1/chat/completions", &body).await.expect_compatible_error(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    app.get("/readyz").await.expect_ok();
    app.get("/healthz").await.expect_ok();
    assert!(app.get("/metrics").await.expect_ok().text.contains("yingda_http_requests_in_flight 1\n"));
    app.gate.open();
    within(first).await.unwrap().unwrap().expect_answer("refund");
    app.ask("几天能送到").await.expect_answer("delivery");
}

#[tokio::test]
async fn a_full_embedding_queue_refuses_at_once() {
    let app = TestApp::with(|config| config.model.queue_capacity = 1).await;
    app.gate.close();
    let computing = app.ask_meanwhile("怎么退款");
    app.held_up(1).await;
    let waiting = app.ask_meanwhile("几天能送到");
    crate::harness::until(|| app.app.queue_depth() == 1).await;
    app.ask("如何开具发票").await.expect_error(503, "overloaded");
    app.get("/readyz").await.expect_error(503, "overloaded");
    app.gate.open();
    within(computing).await.unwrap().unwrap().expect_answer("refund");
    within(waiting).await.unwrap().unwrap().expect_answer("delivery");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let app = TestApp::with(|config| config.server.request_timeout_ms = 50).await;
    app.gate.close();
    let reply = app.ask("怎么退款").await.expect_error(504, "timeout");
    assert_eq!(reply.body["details"], json!({ "limit_ms": 50 }));
    let body = json!({ "model": "characters", "input": ["尚未算过的一句", "尚未算过的另一句"] });
    app.post("/v1/embeddings", &body).await.expect_compatible_error(504, "timeout");
}

#[tokio::test]
async fn a_caller_that_left_makes_room() {
    let app = TestApp::with(|config| config.server.max_in_flight = 1).await;
    app.gate.close();
    let first = app.ask_meanwhile("怎么退款");
    app.held_up(1).await;
    first.abort();
    within(async { while app.get("/readyz").await.status != 200 {} }).await;
    app.gate.open();
    app.ask("几天能送到").await.expect_answer("delivery");
    let metrics = app.get("/metrics").await.text;
    assert!(metrics.contains("route=\"/v1/ask\",method=\"POST\",status=\"499\"} 1\n"), "{metrics}");
}
