//! `POST /v1/embeddings`, as OpenAI's clients see it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    encoder::{DIMENSION, MODEL},
    harness::TestApp,
    reply::Reply,
};

async fn embed(app: &TestApp, fields: Value) -> Reply {
    let mut body = json!({ "model": MODEL });
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    app.post("/v1/embeddings", &body).await
}

fn floats(vector: &Value) -> Vec<f32> {
    vector["embedding"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap() as f32).collect()
}

fn length(vector: &[f32]) -> f32 {
    vector.iter().map(|value| value * value).sum::<f32>().sqrt()
}

#[tokio::test]
async fn one_text_is_one_vector() {
    let app = TestApp::start().await;
    let reply = embed(&app, json!({ "input": "怎么退款" })).await.expect_ok();
    assert_eq!(reply.body["object"], "list");
    assert_eq!(reply.body["model"], MODEL);
    assert_eq!(reply.body["usage"], json!({ "prompt_tokens": 4, "total_tokens": 4 }));
    let data = reply.body["data"].as_array().unwrap();
    assert_eq!(data.len(), 1);
    assert_eq!((&data[0]["object"], &data[0]["index"]), (&json!("embedding"), &json!(0)));
    let vector = floats(&data[0]);
    assert_eq!(vector.len(), DIMENSION);
    assert!((length(&vector) - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn several_texts_keep_their_order() {
    let app = TestApp::start().await;
    let texts: Vec<String> = (0..300).map(|number| format!("第{number}个问题")).collect();
    let together = embed(&app, json!({ "input": texts })).await.expect_ok();
    let data = together.body["data"].as_array().unwrap();
    assert_eq!(data.len(), texts.len());
    for number in [0, 1, 150, 299] {
        assert_eq!(data[number]["index"], number);
        let alone = embed(&app, json!({ "input": texts[number] })).await.expect_ok();
        assert_eq!(data[number]["embedding"], alone.body["data"][0]["embedding"]);
    }
}

#[tokio::test]
async fn base64_holds_the_same_values() {
    let app = TestApp::start().await;
    let written = embed(&app, json!({ "input": "怎么退款", "encoding_format": "float" })).await.expect_ok();
    let packed = embed(&app, json!({ "input": "怎么退款", "encoding_format": "base64" })).await.expect_ok();
    let bytes = STANDARD.decode(packed.body["data"][0]["embedding"].as_str().unwrap()).unwrap();
    let unpacked: Vec<f32> =
        bytes.chunks_exact(4).map(|value| f32::from_le_bytes(value.try_into().unwrap())).collect();
    assert_eq!(unpacked, floats(&written.body["data"][0]));
}

#[tokio::test]
async fn fewer_dimensions_are_the_first_ones() {
    let app = TestApp::start().await;
    let whole = embed(&app, json!({ "input": "怎么退款" })).await.expect_ok();
    let short = embed(&app, json!({ "input": "怎么退款", "dimensions": 16 })).await.expect_ok();
    let (whole, short) = (floats(&whole.body["data"][0]), floats(&short.body["data"][0]));
    assert_eq!(short.len(), 16);
    assert!((length(&short) - 1.0).abs() < 1e-5);
    let scale = length(&whole[..16]);
    assert!(short.iter().zip(&whole).all(|(short, whole)| (short * scale - whole).abs() < 1e-6));
}

#[tokio::test]
async fn a_query_is_read_with_its_prompt() {
    let app = TestApp::start().await;
    for (input_type, tokens) in [("query", 5), ("passage", 4)] {
        let reply =
            embed(&app, json!({ "input": "怎么退款", "input_type": input_type, "user": "u-1" })).await;
        assert_eq!(reply.expect_ok().body["usage"]["total_tokens"], tokens);
    }
}

#[tokio::test]
async fn what_cannot_be_embedded_is_named() {
    let app = TestApp::start().await;
    let many = vec!["a"; 2_049];
    let cases = [
        (json!({ "input": ["退款", "😀"] }), "unencodable", "input[1]"),
        (json!({ "input": ["退款", " "] }), "invalid_field", "input[1] is empty"),
        (json!({ "input": "" }), "invalid_field", "input[0] is empty"),
        (json!({ "input": [] }), "invalid_field", "0 texts"),
        (json!({ "input": many }), "invalid_field", "2049 texts"),
        (json!({ "input": [1, 2, 3] }), "invalid_field", "token lists are not accepted"),
        (json!({ "input": [[1, 2], [3]] }), "invalid_field", "token lists are not accepted"),
        (json!({ "input": 5 }), "invalid_field", "a text or a list of texts"),
        (json!({ "input": "a", "dimensions": 0 }), "invalid_field", "dimensions is 0, expected 1 to 512"),
        (json!({ "input": "a", "dimensions": 513 }), "invalid_field", "dimensions is 513"),
        (json!({ "input": "a", "encoding_format": "int8" }), "invalid_field", "`int8`"),
        (json!({ "input": "a", "dimension": 16 }), "invalid_field", "`dimension`"),
        (json!({}), "invalid_field", "`input`"),
    ];
    for (fields, code, named) in cases {
        let reply = embed(&app, fields).await.expect_compatible_error(422, code);
        assert!(reply.message().contains(named), "{}", reply.text);
    }
}

#[tokio::test]
async fn errors_have_openais_shape() {
    let app = TestApp::start().await;
    let reply = app.post("/v1/embeddings", &json!({ "model": "text-embedding-3-small", "input": "a" })).await;
    let reply = reply.expect_compatible_error(404, "model_not_found");
    assert_eq!(reply.body["error"]["param"], "model");
    assert!(reply.message().contains(MODEL), "{}", reply.text);
    let reply = app.post("/v1/embeddings", &json!({ "input": "a" })).await;
    assert!(reply.expect_compatible_error(422, "invalid_field").message().contains("`model`"));
    let request =
        app.request(reqwest::Method::POST, "/v1/embeddings").header("content-type", "application/json");
    app.send(request.body("{")).await.expect_compatible_error(400, "invalid_json");
}

#[tokio::test]
async fn models_are_listed() {
    let app = TestApp::start().await;
    let list = app.get("/v1/models").await.expect_ok();
    assert_eq!(list.body["object"], "list");
    let data = list.body["data"].as_array().unwrap();
    let names: Vec<&str> = data.iter().map(|model| model["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["yingda", MODEL]);
    for (model, name) in data.iter().zip(names) {
        assert_eq!(app.get(&format!("/v1/models/{name}")).await.expect_ok().body, *model);
        assert_eq!((&model["object"], &model["owned_by"]), (&json!("model"), &json!("yingda")));
        assert!(model["created"].as_i64().unwrap() > 1_700_000_000);
    }
    for name in ["gpt-4", "BAAI/bge-m3", "BAAI%2Fbge-m3"] {
        app.get(&format!("/v1/models/{name}")).await.expect_compatible_error(404, "model_not_found");
    }
}
