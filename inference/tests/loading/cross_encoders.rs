//! Cross-encoder folders: other forms of the same model, and what is refused.

use inference::{
    DeviceChoice, Error, Manifest, ModelFiles, ModelOptions, PairInput, Result, load_cross_encoder,
    load_model,
};
use serde_json::json;

use crate::variant::{TEXT, Variant, parity_folder};

const PASSAGE: &str = "退款在三个工作日内退回原支付方式";

fn score(variant: &Variant) -> Result<f32> {
    let files = ModelFiles::unverified(&variant.path(""))?;
    let model = load_cross_encoder(&files, &ModelOptions::default())?;
    Ok(model.score(&[model.tokenize(TEXT, PASSAGE)?])?[0])
}

fn assert_same_score(checkpoint: &str, variant: &Variant) {
    let (expected, actual) = (score(&Variant::of(checkpoint)).unwrap(), score(variant).unwrap());
    assert!((expected - actual).abs() < 1e-6, "{checkpoint}: {expected} {actual}");
}

fn assert_unsupported(variant: &Variant, feature: &str) {
    let refused = score(variant);
    let is_named = matches!(&refused, Err(Error::UnsupportedModel(what)) if what.contains(feature));
    assert!(is_named, "expected {feature:?}: {refused:?}");
}

fn assert_file(variant: &Variant, file: &str, word: &str) {
    let refused = score(variant);
    let is_named = matches!(&refused, Err(Error::ModelFile { path, reason })
        if path.ends_with(file) && reason.contains(word));
    assert!(is_named, "expected {file} and {word:?}: {refused:?}");
}

#[test]
fn other_forms_of_the_same_model_give_the_same_score() {
    let bert = || Variant::of("bert-cross");
    let xlm = || Variant::of("xlm-roberta-cross");
    let labels = json!({"id2label": null, "label2id": null, "num_labels": 1});
    assert_same_score("bert-cross", &bert().set("config.json", labels));
    assert_same_score("xlm-roberta-cross", &xlm().remove("modules.json"));
    let unnamed = json!({"model_input_names": null});
    assert_same_score("bert-cross", &bert().set("tokenizer_config.json", unnamed.clone()));
    assert_same_score("xlm-roberta-cross", &xlm().set("tokenizer_config.json", unnamed));
    let roberta = json!({"architectures": ["RobertaForSequenceClassification"], "model_type": "roberta"});
    assert_same_score("xlm-roberta-cross", &xlm().set("config.json", roberta));
    let modules = json!([{"path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"}]);
    assert_same_score("bert-cross", &bert().write("modules.json", modules.to_string()));
}

#[test]
fn a_tokenizer_that_gives_no_segments_leaves_every_token_in_the_first() {
    let names = json!({"model_input_names": ["input_ids", "attention_mask"]});
    let variant = Variant::of("bert-cross").set("tokenizer_config.json", names);
    let files = ModelFiles::unverified(&variant.path("")).unwrap();
    let model = load_cross_encoder(&files, &ModelOptions::default()).unwrap();
    let input = model.tokenize(TEXT, PASSAGE).unwrap();
    assert!(input.segments.len() == input.token_ids.len() && input.segments.iter().all(|id| *id == 0));
    let told = score(&Variant::of("bert-cross")).unwrap();
    assert!((told - score(&variant).unwrap()).abs() > 1e-2);
}

#[test]
fn any_number_of_labels_but_one_is_refused() {
    let with = |changes| Variant::of("bert-cross").set("config.json", changes);
    assert_unsupported(&with(json!({"id2label": {"0": "no", "1": "yes"}})), "2 labels");
    assert_unsupported(&with(json!({"num_labels": 3})), "3 labels");
    assert_unsupported(&with(json!({"id2label": null})), "2 labels");
    assert_unsupported(&with(json!({"id2label": {}})), "0 labels");
}

#[test]
fn an_unsupported_architecture_is_named() {
    let with = |changes| Variant::of("bert-cross").set("config.json", changes);
    for class in ["DistilBertForSequenceClassification", "BertModel", "BertForTokenClassification"] {
        assert_unsupported(&with(json!({"architectures": [class]})), class);
    }
    assert_unsupported(&with(json!({"architectures": null})), "no architecture");
    assert_unsupported(&with(json!({"model_type": "deberta-v2"})), "deberta-v2");
    assert_file(&with(json!({"architectures": "Bert"})), "config.json", "sequence");
    assert_unsupported(&Variant::of("bert-mean-f32"), "the module Pooling");
}

#[test]
fn missing_classifier_weights_are_named() {
    let without = |checkpoint, tensor: &'static str| {
        Variant::of(checkpoint).rename_tensors(move |name| (name != tensor).then(|| name.to_owned()))
    };
    let layers = [
        ("bert-cross", "bert.pooler.dense.weight", "pooler.dense.weight"),
        ("bert-cross", "bert.pooler.dense.bias", "pooler.dense.bias"),
        ("bert-cross", "classifier.weight", "classifier.weight"),
        ("bert-cross", "classifier.bias", "classifier.bias"),
        ("xlm-roberta-cross", "classifier.dense.weight", "classifier.dense.weight"),
        ("xlm-roberta-cross", "classifier.out_proj.weight", "classifier.out_proj.weight"),
        ("xlm-roberta-cross", "classifier.out_proj.bias", "classifier.out_proj.bias"),
    ];
    for (checkpoint, tensor, named) in layers {
        assert_file(&without(checkpoint, tensor), "model.safetensors", named);
    }
    let xlm_as_bert = Variant::of("xlm-roberta-cross")
        .set("config.json", json!({"architectures": ["BertForSequenceClassification"]}));
    assert_file(&xlm_as_bert, "model.safetensors", "pooler.dense");
    let wide = Variant::of("bert-cross").rename_tensors(|name| match name {
        "classifier.weight" => None,
        "bert.pooler.dense.weight" => Some("classifier.weight".to_owned()),
        _ => Some(name.to_owned()),
    });
    assert_file(&wide, "model.safetensors", "pooler.dense.weight");
}

#[test]
fn other_modules_and_prompts_are_refused() {
    let with = |relative: &str, contents: serde_json::Value| {
        Variant::of("xlm-roberta-cross").write(relative, contents.to_string())
    };
    let modules =
        json!([{"path": "", "type": "x.Transformer"}, {"path": "1_LogitScore", "type": "x.LogitScore"}]);
    assert_unsupported(&with("modules.json", modules), "LogitScore");
    let prompts = json!({"prompts": {"web": "Rank: "}, "default_prompt_name": "web"});
    assert_unsupported(&with("config_sentence_transformers.json", prompts), "default prompt");
    let unused = json!({"prompts": {"web": "Rank: "}, "default_prompt_name": null});
    assert_same_score("xlm-roberta-cross", &with("config_sentence_transformers.json", unused));
}

#[test]
fn a_cross_encoder_is_not_taken_for_a_sentence_encoder() {
    for (checkpoint, named) in
        [("bert-cross", "BertForSequenceClassification"), ("xlm-roberta-cross", "without a pooling module")]
    {
        let files = ModelFiles::open(&parity_folder(checkpoint)).unwrap();
        let refused = load_model(&files, &ModelOptions::default()).map(|model| model.info().clone());
        let is_named = matches!(&refused, Err(Error::UnsupportedModel(what)) if what.contains(named));
        assert!(is_named, "{checkpoint}: {refused:?}");
    }
}

#[test]
fn options_that_do_not_fit_are_refused() {
    let bert = ModelFiles::open(&parity_folder("bert-cross")).unwrap();
    let xlm = ModelFiles::open(&parity_folder("xlm-roberta-cross")).unwrap();
    let length = |tokens| ModelOptions { max_tokens: Some(tokens), ..ModelOptions::default() };
    // Three special tokens stand in a pair of BERT, four in one of XLM-RoBERTa; a token of each text must fit.
    for (files, fewest) in [(&bert, 5), (&xlm, 6)] {
        for wrong in [0, fewest - 1, 65] {
            let refused = load_cross_encoder(files, &length(wrong)).map(|_| ());
            let is_named = matches!(refused, Err(Error::InvalidOption { name: "max_tokens", .. }));
            assert!(is_named, "{wrong}: {refused:?}");
        }
        let model = load_cross_encoder(files, &length(fewest)).unwrap();
        assert_eq!(model.tokenize(TEXT, PASSAGE).unwrap().token_ids.len(), fewest);
    }
    let dimension = ModelOptions { dimension: Some(32), ..ModelOptions::default() };
    let refused = load_cross_encoder(&bert, &dimension).map(|_| ());
    assert!(matches!(refused, Err(Error::InvalidOption { name: "dimension", .. })), "{refused:?}");
    let metal = ModelOptions { device: DeviceChoice::Metal(99), ..ModelOptions::default() };
    let refused = load_cross_encoder(&bert, &metal).map(|_| ());
    assert!(matches!(refused, Err(Error::DeviceUnavailable { .. })), "{refused:?}");
}

#[test]
fn the_manifest_is_checked_and_gives_the_name() {
    let variant = Variant::of("bert-cross");
    let folder = variant.path("");
    Manifest::create(&folder, "rank", 1, "MIT").unwrap().write(&folder).unwrap();
    let model = load_cross_encoder(&ModelFiles::open(&folder).unwrap(), &ModelOptions::default()).unwrap();
    let info = model.info();
    assert_eq!((info.name.as_str(), info.licence.as_str(), info.dimension), ("rank", "MIT", 1));
    assert_eq!((info.architecture.as_str(), info.max_tokens), ("bert", 64));

    Manifest::create(&folder, "rank", 32, "MIT").unwrap().write(&folder).unwrap();
    let files = ModelFiles::open(&folder).unwrap();
    let refused = load_cross_encoder(&files, &ModelOptions::default()).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("states dimension 32, the files have 1"), "{refused}");

    let bytes = std::fs::read(variant.path("model.safetensors")).unwrap();
    let variant = variant.write("model.safetensors", &bytes[..bytes.len() - 1]);
    let refused = ModelFiles::open(&variant.path("")).map(|_| ()).unwrap_err();
    assert!(refused.to_string().contains("truncated"), "{refused}");
}

#[test]
fn inputs_of_another_model_are_refused() {
    let files = ModelFiles::open(&parity_folder("bert-cross")).unwrap();
    let model = load_cross_encoder(&files, &ModelOptions::default()).unwrap();
    assert!(model.score(&[]).unwrap().is_empty());
    let token_ids = [2, 7, 3];
    let input = |token_ids: &[u32], segments: &[u32]| PairInput {
        token_ids: token_ids.to_vec(),
        segments: segments.to_vec(),
    };
    let wrong = [
        (input(&[2, 100_000, 3], &[0; 3]), "100000"),
        (input(&[7; 65], &[0; 65]), "65 tokens"),
        (input(&token_ids, &[0, 0]), "2 segments for 3 tokens"),
        (input(&token_ids, &[0, 0, 2]), "segment 2"),
    ];
    for (input, named) in wrong {
        let error = model.score(&[input]).unwrap_err();
        assert!(matches!(&error, Error::Inference(what) if what.contains(named)), "{error}");
    }
    assert!(matches!(model.score(&[input(&[], &[])]), Err(Error::Unencodable)));
    assert!(model.score(&[input(&token_ids, &[0, 0, 1])]).unwrap()[0].is_finite());
}
