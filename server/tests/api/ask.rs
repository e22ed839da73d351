//! Questions and decisions.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    encoder::{MODEL, row},
    harness::{TestApp, logged, within},
    shop,
};

#[tokio::test]
async fn a_known_question_is_answered() {
    let app = TestApp::start().await;
    let reply = app.ask("怎么退款").await.expect_answer("refund");
    assert_eq!(reply.body["answer"], "在订单详情页点击“申请退款”。");
    assert_eq!(reply.body["matched_question"], "怎么退款");
    assert_eq!(reply.body["options"], json!([]));
    assert_eq!(reply.body["reason"], Value::Null);
    assert!(reply.body.get("explain").is_none());
    let confidence = reply.body["confidence"].as_f64().unwrap();
    assert!((0.8..=1.0).contains(&confidence), "{confidence}");
    assert!(reply.body["took_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(reply.header("content-type"), "application/json");
}

#[tokio::test]
async fn spelling_does_not_matter() {
    let app = TestApp::start().await;
    for text in ["怎麼退款？？", " 怎么 退款 ", "怎么退款!"] {
        app.ask(text).await.expect_answer("refund");
    }
}

#[tokio::test]
async fn a_question_between_two_entries_is_asked_back() {
    let app = TestApp::start().await;
    let reply = app.ask("会员等级如何").await.expect_clarify(&["cancel", "upgrade"]);
    assert_eq!(reply.body["answer"], Value::Null);
    assert_eq!(reply.body["entry_id"], Value::Null);
    let first = &reply.body["options"][0];
    assert!(first["question"].as_str().unwrap().starts_with("会员等级"));
    assert_eq!(first["confidence"], reply.body["confidence"]);
}

#[tokio::test]
async fn an_unknown_question_is_handed_over() {
    let app = TestApp::start().await;
    let reply = app.ask("给我讲个笑话").await.expect_hand_off("low_confidence");
    assert_eq!(reply.body["answer"], Value::Null);
    assert_eq!(reply.body["options"], json!([]));
}

#[tokio::test]
async fn entries_that_may_not_answer_do_not() {
    let app = TestApp::start().await;
    app.ask_on("wechat", "公众号绑定手机").await.expect_answer("bind");
    app.ask("公众号绑定手机").await.expect_answer("bind");
    app.ask_on("web", "公众号绑定手机").await.expect_without("bind");
    app.ask("旧版积分换购").await.expect_without("old");
    app.ask("元宵灯谜").await.expect_without("festival");
}

#[tokio::test]
async fn an_explanation_comes_when_asked_for() {
    let app = TestApp::start().await;
    let in_body = app.post("/v1/ask", &json!({ "text": "怎麼退款？", "explain": true })).await;
    let in_address = app.post("/v1/ask?explain=true", &json!({ "text": "怎麼退款？" })).await;
    for reply in [in_body, in_address] {
        let reply = reply.expect_answer("refund");
        let explain = &reply.body["explain"];
        assert_eq!(explain["normalized"], "怎么退款?");
        for threshold in ["answer", "clarify"] {
            assert!((0.0..=1.0).contains(&explain["thresholds"][threshold].as_f64().unwrap()));
        }
        assert!(explain["scope"].as_f64().unwrap() > 0.5);
        assert!(explain["why"].as_str().unwrap().contains("confidence"));
        assert_eq!(explain["model"], MODEL);
        assert_eq!(explain["snapshot"].as_str().unwrap().len(), 16);
        assert!(explain["stages_ms"]["embed"].is_number() && explain["stages_ms"]["retrieve"].is_number());
        let best = &explain["candidates"][0];
        assert_eq!(best["entry_id"], "refund");
        assert_eq!(best["question"], "怎么申请退款");
        assert_eq!(best["matched_question"], "怎么退款");
        assert_eq!(best["confidence"], reply.body["confidence"]);
        assert_eq!(best["guards"], json!([]));
        let features = best["features"].as_array().unwrap();
        let same = features.iter().find(|feature| feature["name"] == "same_spelling").unwrap();
        assert_eq!(same["value"], 1.0);
        assert!(same["effect"].as_f64().unwrap() > 1.0);
    }
    assert!(
        app.post("/v1/ask?explain=false", &json!({ "text": "怎么退款" })).await.body.get("explain").is_none()
    );
}

#[tokio::test]
async fn a_request_is_found_by_its_id() {
    let app = TestApp::start().await;
    let made = app.ask("怎么退款").await;
    let id = made.header("x-request-id").to_owned();
    assert_eq!(made.body["trace_id"], id);
    assert_eq!(Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert!(logged().contains(&id));

    let given = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736";
    for (sent, kept) in [(given, true), ("4bf92f3577b34da6a3ce929d0e0e4736", true), ("not-an-id", false)] {
        let request = app.request(reqwest::Method::POST, "/v1/ask").header("x-request-id", sent);
        let reply = app.send(request.json(&json!({ "text": "怎么退款" }))).await;
        assert_eq!(reply.header("x-request-id") == given, kept, "{sent}");
        assert_eq!(reply.body["trace_id"], reply.header("x-request-id"));
    }
}

#[tokio::test]
async fn what_is_written_is_never_logged() {
    let app = TestApp::start().await;
    app.ask("我的卡号是六二二二请退款").await;
    app.ask("秘密\u{1}秘密").await;
    app.post("/v1/ask", &json!({ "text": "秘密", "秘密字段": 1 })).await;
    app.post("/v1/embeddings", &json!({ "model": MODEL, "input": ["秘密文件", "😀"] })).await;
    app.post(
        "/v1/chat/completions",
        &json!({ "model": "yingda", "messages": [{ "role": "user", "content": "秘密" }] }),
    )
    .await
    .expect_ok();
    let log = logged();
    assert!(log.contains("decision=") && log.contains("characters=12"), "{log}");
    for text in ["秘密", "卡号", "退款", "六二二二"] {
        assert!(!log.contains(text), "{text} is in the log");
    }
}

#[tokio::test]
async fn many_ask_at_once() {
    let app = TestApp::start().await;
    let questions = ["怎么退款", "几天能送到", "如何开具发票", "想退钱"];
    let expected = ["refund", "delivery", "invoice", "refund"];
    let asking: Vec<_> =
        (0..100).map(|number| (number % 4, app.ask_meanwhile(questions[number % 4]))).collect();
    for (number, reply) in asking {
        within(reply).await.unwrap().unwrap().expect_answer(expected[number]);
    }
}

#[tokio::test]
async fn without_knowledge_everything_is_handed_over() {
    let config = crate::harness::config();
    let encoder = crate::encoder::CharacterEncoder::behind(std::sync::Arc::default());
    let app =
        server::App::with_encoder(&config, encoder, server::Knowledge::default(), |_, _| {}).await.unwrap();
    let app = TestApp::serve(app, std::sync::Arc::default()).await;
    app.ask("怎么退款").await.expect_hand_off("unavailable");
    let page = app.get("/demo/examples").await.expect_ok();
    assert_eq!(page.body, json!({ "title": "应答", "language": "zh-CN", "examples": [] }));
}

#[test]
fn the_shop_is_as_described() {
    let enabled: Vec<_> = shop::entries().into_iter().filter(|entry| entry.enabled).collect();
    assert_eq!(enabled.len(), shop::ENTRIES);
    assert_eq!(enabled.iter().map(|entry| entry.phrasings().count()).sum::<usize>(), shop::PHRASINGS);
    let texts = enabled.iter().flat_map(|entry| entry.phrasings().chain([entry.answer()]));
    let letters: BTreeSet<char> = texts.chain(["给我讲个笑话"]).flat_map(str::chars).collect();
    let rows: BTreeSet<usize> = letters.iter().map(|letter| row(u32::from(*letter))).collect();
    assert_eq!(rows.len(), letters.len(), "two characters look the same to the model");
}
