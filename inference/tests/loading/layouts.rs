//! Other forms of the same model.

use serde_json::json;

use crate::variant::Variant;
use inference::Role;

#[test]
fn weights_saved_under_a_task_head_are_found() {
    let prefixes = [
        ("bert-mean-f32", "bert."),
        ("xlm-roberta-cls", "roberta."),
        ("distilbert-mean", "distilbert."),
        ("modernbert-cls", "model."),
        ("qwen3-last", "model."),
    ];
    for (checkpoint, prefix) in prefixes {
        let variant = Variant::of(checkpoint).rename_tensors(|name| Some(format!("{prefix}{name}")));
        variant.assert_same_vector_as(checkpoint);
    }
}

#[test]
fn old_names_of_layer_norms_are_found() {
    let old_name = |name: &str| name.replace("LayerNorm.weight", "LayerNorm.gamma");
    let old_name = |name: &str| old_name(name).replace("LayerNorm.bias", "LayerNorm.beta");
    let variant = Variant::of("bert-mean-f32").rename_tensors(|name| Some(old_name(name)));
    variant.assert_same_vector_as("bert-mean-f32");
}

#[test]
fn weights_in_several_files_are_read() {
    let variant = Variant::of("bert-mean-f32");
    let only =
        |first: bool| move |name: &str| (name.starts_with("embeddings") == first).then(|| name.to_owned());
    let (first, second) = (variant.tensors_in(only(true)), variant.tensors_in(only(false)));
    let index =
        json!({"weight_map": {"embeddings.x": "part-1.safetensors", "encoder.x": "part-2.safetensors"}});
    variant
        .remove("model.safetensors")
        .write("part-1.safetensors", first)
        .write("part-2.safetensors", second)
        .write("model.safetensors.index.json", index.to_string())
        .assert_same_vector_as("bert-mean-f32");
}

#[test]
fn a_vocabulary_without_tokenizer_json_makes_the_same_tokenizer() {
    for (checkpoint, lowercase) in [("bert-mean-f32", true), ("distilbert-mean", false)] {
        let variant = Variant::of(checkpoint);
        let tokenizer = variant.json("tokenizer.json");
        let mut tokens: Vec<(u64, &String)> = tokenizer["model"]["vocab"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(token, id)| (id.as_u64().unwrap(), token))
            .collect();
        tokens.sort();
        let lines: String = tokens.iter().map(|(_, token)| format!("{token}\n")).collect();
        let variant = variant
            .remove("tokenizer.json")
            .write("vocab.txt", lines)
            .set("tokenizer_config.json", json!({"do_lower_case": lowercase}));
        variant.assert_same_vector_as(checkpoint);
        let model = variant.load().unwrap();
        let ids = |text| model.tokenize(text, Role::Passage).unwrap().token_ids;
        assert!(ids("a[SEP]b").iter().filter(|id| **id == 3).count() == 2, "[SEP] in text is one token");
    }
}

#[test]
fn a_plain_transformers_folder_is_pooled_by_the_mean() {
    let variant = Variant::of("bert-mean-f32").remove("modules.json").remove("1_Pooling/config.json");
    variant.assert_same_vector_as("bert-mean-f32");
}

#[test]
fn a_model2vec_folder_needs_no_modules_file() {
    Variant::of("model2vec").remove("modules.json").assert_same_vector_as("model2vec");
    Variant::of("model2vec-weights").remove("modules.json").assert_same_vector_as("model2vec-weights");
}

#[test]
fn the_transformer_may_lie_in_its_own_folder() {
    let mut variant = Variant::of("bert-mean-f32");
    let mut modules = variant.json("modules.json");
    modules[0]["path"] = json!("0_Transformer");
    let moved = ["config.json", "model.safetensors", "tokenizer.json", "sentence_bert_config.json"];
    for name in moved {
        let contents = std::fs::read(variant.path(name)).unwrap();
        variant = variant.remove(name).write(&format!("0_Transformer/{name}"), contents);
    }
    variant.write("modules.json", modules.to_string()).assert_same_vector_as("bert-mean-f32");
}

#[test]
fn configurations_of_transformers_5_are_read() {
    let layer_types = ["full_attention", "sliding_attention", "sliding_attention", "full_attention"];
    let rope = |theta: f64| json!({"rope_type": "default", "rope_theta": theta});
    Variant::of("modernbert-cls")
        .set(
            "config.json",
            json!({
                "global_attn_every_n_layers": null,
                "global_rope_theta": null,
                "local_rope_theta": null,
                "layer_types": layer_types,
                "rope_parameters": {"full_attention": rope(160_000.0), "sliding_attention": rope(10_000.0)},
            }),
        )
        .assert_same_vector_as("modernbert-cls");
    Variant::of("qwen3-last")
        .set("config.json", json!({"rope_theta": null, "rope_parameters": rope(1_000_000.0)}))
        .assert_same_vector_as("qwen3-last");
}

#[test]
fn text_is_lower_cased_where_the_folder_says_so() {
    let variant = Variant::of("distilbert-mean");
    let model = variant.load().unwrap();
    let ids = |model: &dyn inference::SentenceEncoder, text| model.tokenize(text, Role::Query).unwrap();
    assert_ne!(ids(&*model, "ORDER"), ids(&*model, "order"));
    let variant = variant.set("sentence_bert_config.json", json!({"do_lower_case": true}));
    let model = variant.load().unwrap();
    assert_eq!(ids(&*model, "ORDER"), ids(&*model, "order"));
}

#[test]
fn the_length_limit_comes_from_the_most_specific_file() {
    let limit = |variant: &Variant| variant.load().unwrap().info().max_tokens;
    let variant = Variant::of("bert-mean-f32");
    assert_eq!(limit(&variant), 40);
    let variant = variant.set("sentence_bert_config.json", json!({"max_seq_length": null}));
    assert_eq!(limit(&variant), 64, "512 of the tokenizer, 64 positions");
    let variant = variant.set("tokenizer_config.json", json!({"model_max_length": 24}));
    assert_eq!(limit(&variant), 24);
    let variant = Variant::of("xlm-roberta-cls").remove("sentence_bert_config.json");
    assert_eq!(limit(&variant), 64, "66 positions, two of them before the first token");
}
