//! `POST /v1/chat/completions`, as chat frontends see it.

use serde_json::{Value, json};

use crate::{harness::TestApp, reply::Reply};

async fn chat(app: &TestApp, messages: Value, fields: Value) -> Reply {
    let mut body = json!({ "model": "yingda", "messages": messages });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    app.post("/v1/chat/completions", &body).await
}

fn user(content: &str) -> Value {
    json!([{ "role": "user", "content": content }])
}

fn content(reply: &Reply) -> &str {
    reply.body["choices"][0]["message"]["content"].as_str().unwrap()
}

#[tokio::test]
async fn an_answer_is_the_content() {
    let app = TestApp::start().await;
    let reply = chat(&app, user("怎么退款"), json!({ "temperature": 0.7, "tools": [] })).await.expect_ok();
    assert_eq!(content(&reply), "在订单详情页点击“申请退款”。");
    let body = &reply.body;
    assert_eq!((&body["object"], &body["model"]), (&json!("chat.completion"), &json!("yingda")));
    assert!(body["id"].as_str().unwrap().starts_with("chatcmpl-"));
    assert!(body["created"].as_i64().unwrap() > 1_700_000_000);
    assert_eq!(body["choices"].as_array().unwrap().len(), 1);
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["choices"][0]["message"]["role"], "assistant");
    assert_eq!(body["usage"], json!({ "prompt_tokens": 5, "completion_tokens": 12, "total_tokens": 17 }));
    let decision = &body["yingda"];
    assert_eq!((&decision["decision"], &decision["entry_id"]), (&json!("answer"), &json!("refund")));
    assert_eq!(decision["trace_id"], reply.header("x-request-id"));
    assert!(decision["confidence"].as_f64().unwrap() >= 0.8);
}

#[tokio::test]
async fn what_is_asked_back_is_a_numbered_list() {
    let app = TestApp::with(|config| config.answer.clarify_message = "您是想问：".to_owned()).await;
    let reply = chat(&app, user("会员等级如何"), json!({})).await.expect_ok();
    assert_eq!(reply.body["yingda"]["decision"], "clarify");
    let options = reply.body["yingda"]["options"].as_array().unwrap();
    let questions: Vec<&str> = options.iter().map(|option| option["question"].as_str().unwrap()).collect();
    assert_eq!(questions.len(), 2);
    assert_eq!(content(&reply), format!("您是想问：\n1. {}\n2. {}", questions[0], questions[1]));
}

#[tokio::test]
async fn a_hand_off_is_the_configured_sentence() {
    let app = TestApp::with(|config| config.answer.hand_off_message = "马上转接人工。".to_owned()).await;
    let reply = chat(&app, user("给我讲个笑话"), json!({})).await.expect_ok();
    assert_eq!(content(&reply), "马上转接人工。");
    assert_eq!(reply.body["yingda"]["decision"], "handoff");
    assert_eq!(reply.body["yingda"]["reason"], "low_confidence");
}

#[tokio::test]
async fn the_last_message_of_the_user_is_the_question() {
    let app = TestApp::start().await;
    let conversation = json!([
        { "role": "system", "content": "You are a shop." },
        { "role": "user", "content": "几天能送到" },
        { "role": "assistant", "content": null, "tool_calls": [] },
        { "role": "user", "content": [{ "type": "text", "text": "怎么" }, { "type": "text", "text": "退款" }] },
        { "role": "assistant", "content": "" },
    ]);
    assert_eq!(chat(&app, conversation, json!({})).await.expect_ok().body["yingda"]["entry_id"], "refund");
}

#[tokio::test]
async fn a_channel_can_be_given() {
    let app = TestApp::start().await;
    for (channel, entry) in [("wechat", json!("bind")), ("web", Value::Null)] {
        let reply = chat(&app, user("公众号绑定手机"), json!({ "channel": channel })).await.expect_ok();
        assert_eq!(reply.body["yingda"]["entry_id"], entry);
    }
}

#[tokio::test]
async fn a_streamed_reply_is_the_same_in_pieces() {
    let app = TestApp::start().await;
    let options = json!({ "stream": true, "stream_options": { "include_usage": true } });
    let reply = chat(&app, user("怎么退款"), options).await.expect_ok();
    assert_eq!(reply.header("content-type"), "text/event-stream");
    let events: Vec<&str> =
        reply.text.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    let (last, chunks) = events.split_last().unwrap();
    assert_eq!(*last, "[DONE]");
    let chunks: Vec<Value> = chunks.iter().map(|chunk| serde_json::from_str(chunk).unwrap()).collect();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["object"] == "chat.completion.chunk" && chunk["id"] == chunks[0]["id"])
    );
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let pieces = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(pieces.collect::<String>(), "在订单详情页点击“申请退款”。");
    let reasons: Vec<&Value> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["finish_reason"])
        .filter(|reason| !reason.is_null())
        .collect();
    assert_eq!(reasons, ["stop"]);
    let finished = chunks.iter().find(|chunk| chunk["choices"][0]["finish_reason"] == "stop").unwrap();
    assert_eq!(finished["yingda"]["entry_id"], "refund");
    let usage = chunks.last().unwrap();
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(17)));
}

#[tokio::test]
async fn without_being_asked_a_stream_has_no_usage() {
    let app = TestApp::start().await;
    let reply = chat(&app, user("怎么退款"), json!({ "stream": true })).await.expect_ok();
    assert!(!reply.text.contains("usage"), "{}", reply.text);
    assert!(reply.text.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn conversations_that_hold_no_question() {
    let app = TestApp::start().await;
    let image =
        json!([{ "role": "user", "content": [{ "type": "image_url", "image_url": { "url": "x" } }] }]);
    let cases = [
        (json!([]), json!({}), "invalid_field", "\"user\""),
        (json!([{ "role": "assistant", "content": "a" }]), json!({}), "invalid_field", "\"user\""),
        (json!([{ "role": "user", "content": null }]), json!({}), "invalid_field", "messages[0].content"),
        (image, json!({}), "invalid_field", "messages[0].content[0]"),
        (user("怎么退款"), json!({ "n": 2 }), "invalid_field", "n is not 1"),
        (user("  "), json!({ "stream": true }), "empty_question", "empty"),
        (user("😀"), json!({}), "no_words", "letter"),
        (json!("怎么退款"), json!({}), "invalid_field", "sequence"),
    ];
    for (messages, fields, code, named) in cases {
        let reply = chat(&app, messages, fields).await.expect_compatible_error(422, code);
        assert!(reply.message().contains(named), "{}", reply.text);
    }
    let reply = chat(&app, user("怎么退款"), json!({ "model": "gpt-4" })).await;
    assert_eq!(reply.expect_compatible_error(404, "model_not_found").body["error"]["param"], "model");
}
