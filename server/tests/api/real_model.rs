//! The same service over model files, started as the command line starts it.

use std::path::{Path, PathBuf};

use answer::{parse_records, read_knowledge};
use server::{App, Knowledge};

use crate::{
    harness::{TestApp, config},
    shop,
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[tokio::test]
async fn a_model_folder_is_loaded_and_served() {
    let mut config = config();
    let folder = root().join("inference/tests/parity/static-st");
    config.model.name = folder.to_str().unwrap().to_owned();
    let mut progress = Vec::new();
    let app = App::start(&config, shop::entries().into(), |done, total| progress.push((done, total)))
        .await
        .unwrap();
    let (first, last) = (progress.first().unwrap(), progress.last().unwrap());
    assert_eq!((first.0, last.0), (0, last.1));
    let app = TestApp::serve(app, Default::default()).await;
    app.ask("怎么退款").await.expect_answer("refund");
    let models = app.get("/v1/models").await.expect_ok();
    assert_eq!(models.body["data"][1]["id"], "static-st");
}

#[tokio::test]
async fn a_missing_model_is_named() {
    let mut config = config();
    config.model.name = "./no-such-model".to_owned();
    let error = App::start(&config, Knowledge::default(), |_, _| {}).await.err().unwrap();
    assert!(format!("{error:#}").contains("no-such-model"), "{error:#}");
}

#[tokio::test]
async fn knowledge_with_a_double_id_is_refused() {
    let mut entries = shop::entries();
    entries.push(entries[0].clone());
    let encoder = crate::encoder::CharacterEncoder::behind(Default::default());
    let error = App::with_encoder(&config(), encoder, entries.into(), |_, _| {}).await.err().unwrap();
    assert!(format!("{error:#}").contains("refund"), "{error:#}");
}

/// The default model on the demo shop, at the configuration that is shipped.
#[tokio::test]
async fn the_demo_shop_answers() {
    let model = root().join("models/yingda-static");
    if !model.join("manifest.json").is_file() {
        println!("skipped: {} is not there", model.display());
        return;
    }
    let mut config = server::Config::load(None).unwrap();
    config.model.folder = root().join("models");
    let read = |name: &str| std::fs::read(root().join("datasets/shop-zh").join(name)).unwrap();
    let entries = read_knowledge(read("knowledge.jsonl").as_slice(), "knowledge.jsonl").unwrap();
    let labels = parse_records(read("questions.jsonl").as_slice(), "questions.jsonl").unwrap();
    let app =
        App::start(&config, Knowledge { entries, labels, ..Knowledge::default() }, |_, _| {}).await.unwrap();
    let app = TestApp::serve(app, Default::default()).await;
    let reply = app.ask("买的东西几天能送到").await.expect_ok();
    assert_eq!(reply.body["decision"], "answer", "{}", reply.text);
    app.ask("给我讲个笑话").await.expect_hand_off("low_confidence");
}
