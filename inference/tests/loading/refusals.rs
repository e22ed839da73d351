//! Folders that are refused, with the file or the feature in the error.

use inference::{Error, Manifest, ModelFiles, ModelOptions, load_model};
use serde_json::json;

use crate::variant::Variant;

fn refusal(variant: &Variant) -> Error {
    match variant.load() {
        Ok(model) => panic!("loaded as {:?}", model.info()),
        Err(error) => error,
    }
}

/// Opened with a manifest that states `dimension`.
fn described(variant: &Variant, dimension: usize) -> ModelFiles {
    let folder = variant.path("");
    Manifest::create(&folder, "bert", dimension, "Apache-2.0").unwrap().write(&folder).unwrap();
    ModelFiles::open(&folder).unwrap()
}

fn assert_unsupported(variant: &Variant, feature: &str) {
    let error = refusal(variant);
    assert!(matches!(&error, Error::UnsupportedModel(what) if what.contains(feature)), "{error}");
}

fn assert_file(variant: &Variant, file: &str, word: &str) {
    let error = refusal(variant);
    let is_named = matches!(&error, Error::ModelFile { path, reason }
        if path.ends_with(file) && reason.contains(word));
    assert!(is_named, "expected {file} and {word:?}: {error}");
}

#[test]
fn unsupported_features_are_named() {
    let bert = |changes| Variant::of("bert-mean-f32").set("config.json", changes);
    assert_unsupported(&bert(json!({"model_type": "t5"})), "t5");
    assert_unsupported(&bert(json!({"hidden_act": "swish"})), "swish");
    assert_unsupported(&bert(json!({"position_embedding_type": "relative_key"})), "relative_key");
    let modernbert = |changes| Variant::of("modernbert-cls").set("config.json", changes);
    assert_unsupported(&modernbert(json!({"norm_bias": true})), "biases");
    let irregular = ["full_attention", "full_attention", "sliding_attention", "full_attention"];
    assert_unsupported(&modernbert(json!({"layer_types": irregular})), "irregular");
    let qwen3 = |changes| Variant::of("qwen3-last").set("config.json", changes);
    assert_unsupported(&qwen3(json!({"rope_scaling": {"type": "yarn", "factor": 4.0}})), "yarn");
    assert_unsupported(&qwen3(json!({"use_sliding_window": true})), "sliding window");
}

#[test]
fn unsupported_modules_are_named() {
    let pooling = json!({"pooling_mode_cls_token": false, "pooling_mode_max_tokens": true});
    assert_unsupported(&Variant::of("bert-cls-f16").set("1_Pooling/config.json", pooling), "max_tokens");
    let dense = |changes| Variant::of("bert-mean-bf16-dense").set("2_Dense/config.json", changes);
    assert_unsupported(&dense(json!({"activation_function": "torch.nn.Softplus"})), "Softplus");
    assert_unsupported(&dense(json!({"use_residual": true})), "residual");
    for (index, class) in [(0, "WordEmbeddings"), (1, "LSTM"), (2, "CNN")] {
        let variant = Variant::of("bert-mean-f32");
        let mut modules = variant.json("modules.json");
        modules[index]["type"] = json!(format!("sentence_transformers.models.{class}"));
        assert_unsupported(&variant.write("modules.json", modules.to_string()), class);
    }
}

#[test]
fn malformed_configuration_names_its_file() {
    let bert = || Variant::of("bert-mean-f32");
    assert_file(&bert().set("config.json", json!({"hidden_size": null})), "config.json", "hidden_size");
    assert_file(&bert().set("config.json", json!({"num_attention_heads": 0})), "config.json", "0 heads");
    assert_file(&bert().set("config.json", json!({"model_type": 7})), "config.json", "model_type");
    assert_file(&bert().write("config.json", "{"), "config.json", "malformed");
    assert_file(&bert().write("modules.json", "[]"), "modules.json", "no modules");
    assert_file(&bert().write("modules.json", "{}"), "modules.json", "malformed");
    assert_file(&bert().write("tokenizer.json", "{}"), "tokenizer.json", "malformed");
    assert_file(&bert().remove("tokenizer.json"), "tokenizer.json", "not described");
    let dense = Variant::of("bert-mean-bf16-dense");
    let narrow = dense.set("2_Dense/config.json", json!({"in_features": 16}));
    assert_file(&narrow, "2_Dense/config.json", "in_features is 16, 32 come in");
}

#[test]
fn weights_that_do_not_fit_name_their_file() {
    let weights = "model.safetensors";
    let bert = || Variant::of("bert-mean-f32");
    let without = |part: &'static str| move |name: &str| (!name.contains(part)).then(|| name.to_owned());
    assert_file(&bert().set("config.json", json!({"hidden_size": 16})), weights, "shape");
    assert_file(
        &bert().rename_tensors(without("layer.1.output.dense.weight")),
        weights,
        "layer.1.output.dense",
    );
    let modernbert = Variant::of("modernbert-cls").rename_tensors(without("layers.2.attn_norm"));
    assert_file(&modernbert, weights, "layers.2.attn_norm");
    assert_file(&bert().remove(weights), weights, "pytorch_model.bin");
    let cut = |variant: Variant, relative: &str| {
        let bytes = std::fs::read(variant.path(relative)).unwrap();
        variant.write(relative, &bytes[..bytes.len() - 1])
    };
    assert_file(&cut(bert(), weights), weights, "malformed");
    assert_file(&cut(Variant::of("model2vec"), weights), weights, "malformed");
}

#[test]
fn a_vocabulary_larger_than_the_model_is_refused() {
    for checkpoint in ["bert-mean-f32", "model2vec"] {
        let variant = Variant::of(checkpoint);
        let mut tokenizer = variant.json("tokenizer.json");
        tokenizer["model"]["vocab"]["surplus"] = json!(100_000);
        let variant = variant.write("tokenizer.json", tokenizer.to_string());
        assert_file(&variant, "tokenizer.json", "surplus");
    }
}

#[test]
fn a_manifest_that_states_another_dimension_is_refused() {
    let variant = Variant::of("bert-mean-f32");
    let files = described(&variant, 31);
    let error = load_model(&files, &ModelOptions::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("manifest.json: states dimension 31, the files have 32"), "{error}");
}

#[test]
fn weights_that_changed_after_opening_are_refused_even_where_they_can_be_parsed() {
    let variant = Variant::of("bert-mean-f32");
    let files = described(&variant, 32);
    assert!(load_model(&files, &ModelOptions::default()).is_ok());
    let mut weights = std::fs::read(variant.path("model.safetensors")).unwrap();
    *weights.last_mut().unwrap() ^= 1;
    let _altered = variant.write("model.safetensors", weights);
    let error = load_model(&files, &ModelOptions::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("model.safetensors: altered"), "{error}");
}
