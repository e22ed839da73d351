//! What a browser loads.

use serde_json::json;

use crate::harness::TestApp;

#[tokio::test]
async fn the_page_is_served_with_what_it_loads() {
    let app = TestApp::start().await;
    let page = app.get("/").await.expect_ok();
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for (path, kind) in [("/assets/page.css", "text/css"), ("/assets/page.js", "text/javascript")] {
        assert!(page.text.contains(path));
        let file = app.get(path).await.expect_ok();
        assert_eq!(file.header("content-type"), format!("{kind}; charset=utf-8"));
    }
}

#[tokio::test]
async fn a_browser_runs_nothing_but_the_pages_own_files() {
    let app = TestApp::start().await;
    let page = app.get("/").await.expect_ok();
    let policy = page.header("content-security-policy");
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ] {
        assert!(policy.split("; ").any(|found| found == rule), "{rule} is not in {policy}");
    }
    assert!(!policy.contains("unsafe"));
    // What the policy would block.
    for blocked in ["<style", " style=", " onclick=", "javascript:", "http://", "https://"] {
        assert!(!page.text.contains(blocked), "the page has {blocked}");
    }
    assert_eq!(page.text.matches("<script").count(), page.text.matches("<script src=\"/assets/").count());
}

#[tokio::test]
async fn every_reply_carries_the_usual_headers() {
    let app = TestApp::start().await;
    for reply in
        [app.get("/").await, app.ask("怎么退款").await, app.get("/nowhere").await, app.get("/docs/").await]
    {
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
        assert!(reply.header("content-security-policy").contains("default-src 'none'"));
        assert!(!reply.header("x-request-id").is_empty());
        assert!(!reply.header("cache-control").is_empty());
    }
}

#[tokio::test]
async fn the_page_has_questions_to_try() {
    let app = TestApp::start().await;
    let examples = app.get("/demo/examples").await.expect_ok();
    assert_eq!(examples.body, json!({ "title": "小店", "language": "zh-CN", "examples": ["怎么退款"] }));
}
