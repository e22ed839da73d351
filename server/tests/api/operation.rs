//! What operators see.

use serde_json::json;

use crate::{encoder::MODEL, harness::TestApp, shop};

#[tokio::test]
async fn a_running_service_is_alive_and_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").await.expect_ok().text, "alive\n");
    assert_eq!(app.get("/readyz").await.expect_ok().text, "ready\n");
}

#[tokio::test]
async fn a_service_that_is_about_to_end_is_not_ready() {
    let app = TestApp::start().await;
    app.app.begin_shutdown();
    let reply = app.get("/readyz").await.expect_error(503, "shutting_down");
    assert_eq!(reply.header("retry-after"), "1");
    app.get("/healthz").await.expect_ok();
    app.ask("怎么退款").await.expect_answer("refund");
}

#[tokio::test]
async fn numbers_count_what_happened() {
    let app = TestApp::with(|config| config.model.cache_capacity = 10).await;
    for text in ["怎么退款", "怎么退款", "会员等级如何", "给我讲个笑话", ""] {
        app.ask(text).await;
    }
    app.post("/v1/embeddings", &json!({ "model": MODEL, "input": ["几天能送到"] })).await.expect_ok();
    app.get("/nowhere/at/all").await;
    app.get("/v1/models/unknown").await;
    app.send(app.request(reqwest::Method::from_bytes(b"BREW").unwrap(), "/v1/ask")).await;
    let reply = app.get("/metrics").await.expect_ok();
    assert!(reply.header("content-type").starts_with("text/plain; version=0.0.4"));
    for line in [
        "yingda_decisions_total{decision=\"answer\"} 2",
        "yingda_decisions_total{decision=\"clarify\"} 1",
        "yingda_decisions_total{decision=\"handoff\"} 1",
        "yingda_http_requests_total{route=\"/v1/ask\",method=\"POST\",status=\"200\"} 4",
        "yingda_http_requests_total{route=\"/v1/ask\",method=\"POST\",status=\"422\"} 1",
        "yingda_http_requests_total{route=\"/v1/ask\",method=\"other\",status=\"405\"} 1",
        "yingda_http_requests_total{route=\"/v1/models/{*id}\",method=\"GET\",status=\"404\"} 1",
        "yingda_http_requests_total{route=\"unmatched\",method=\"GET\",status=\"404\"} 1",
        "yingda_http_request_duration_seconds_count{route=\"/v1/ask\"} 6",
        "yingda_http_request_duration_seconds_bucket{route=\"/v1/ask\",le=\"+Inf\"} 6",
        "yingda_http_requests_in_flight 0",
        "yingda_embedding_queue_depth 0",
        "# TYPE yingda_embedding_batches_total counter",
        "# TYPE yingda_http_request_duration_seconds histogram",
        &format!("yingda_snapshot_entries {}", shop::ENTRIES),
        &format!("yingda_snapshot_phrasings {}", shop::PHRASINGS),
        &format!("yingda_build_info{{version=\"{}\",model=\"{MODEL}\"}} 1", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(reply.text.lines().any(|found| found == line), "{line}\nis not in\n{}", reply.text);
    }
    let hits = reply.text.lines().find_map(|line| line.strip_prefix("yingda_embedding_cache_hits_total "));
    assert!(hits.unwrap().parse::<u64>().unwrap() >= 1, "the second question was the first one again");
}
