//! `model list`, `model verify`, and how a missing or altered model stops the other verbs.

use std::fs;

use crate::sandbox::{Finished, SMALL_MODEL, SMALL_TRANSFORMER, Sandbox, project};

/// A sandbox whose `models` folder holds the small model under the name `small`.
fn with_model() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.copy(SMALL_MODEL, "models/small");
    sandbox
}

/// Runs in the sandbox's own `models` folder, with `small` configured.
fn run(sandbox: &Sandbox, arguments: &[&str]) -> Finished {
    sandbox
        .yingda(arguments)
        .variable("YINGDA_MODEL__FOLDER", sandbox.path("models"))
        .variable("YINGDA_MODEL__NAME", "small")
        .finish()
}

/// Changes one byte in the middle of a file.
fn alter(sandbox: &Sandbox, name: &str) {
    let path = sandbox.path(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

const WEIGHTS: &str = "models/small/0_StaticEmbedding/model.safetensors";

#[test]
fn installed_models_are_listed() {
    let sandbox = with_model();
    sandbox.copy(SMALL_MODEL, "models/another");
    fs::create_dir(sandbox.path("models/no-model")).unwrap();
    let models = run(&sandbox, &["model", "list", "-o", "json"]).expect(0).json();
    let names: Vec<&str> =
        models.as_array().unwrap().iter().map(|model| model["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["another", "small"]);
    let small = &models[1];
    assert_eq!((&small["configured"], &small["dimension"]), (&true.into(), &32.into()));
    assert_eq!(small["licence"], "Apache-2.0");
    assert_eq!(small["fingerprint"].as_str().unwrap().len(), 64);
    let text = run(&sandbox, &["model", "list"]).expect(0).stdout;
    assert!(text.lines().any(|line| line.starts_with("*  small  ")), "{text}");
}

#[test]
fn an_intact_model_passes() {
    let finished = run(&with_model(), &["model", "verify"]).expect(0);
    assert!(finished.stdout.contains("all 4 files"), "{}", finished.stdout);
}

#[test]
fn one_altered_byte_is_found_and_the_file_named() {
    let sandbox = with_model();
    alter(&sandbox, WEIGHTS);
    let finished = run(&sandbox, &["model", "verify", "small"]).expect(1);
    assert!(finished.stdout.contains("0_StaticEmbedding/model.safetensors"), "{}", finished.stdout);
    assert!(finished.stdout.contains("sha256"), "{}", finished.stdout);
    let verified = run(&sandbox, &["model", "verify", "small", "-o", "json"]).expect(1).json();
    assert_eq!(verified["intact"], false);
}

#[test]
fn a_missing_file_is_named() {
    let sandbox = with_model();
    fs::remove_file(sandbox.path("models/small/0_StaticEmbedding/tokenizer.json")).unwrap();
    let finished = run(&sandbox, &["model", "verify"]).expect(1);
    assert!(finished.stdout.contains("tokenizer.json: missing"), "{}", finished.stdout);
}

#[test]
fn an_altered_model_answers_nothing() {
    let sandbox = with_model();
    alter(&sandbox, WEIGHTS);
    run(&sandbox, &["ask", "退款"]).expect(4).complains_about(&["model.safetensors", "altered"]);
}

#[test]
fn an_unknown_model_exits_with_4_and_says_where_it_was_looked_for() {
    let sandbox = with_model();
    for arguments in [&["model", "verify", "large"][..], &["eval", "run", "set", "--model", "large"]] {
        sandbox.copy("datasets/shop-en", "set");
        run(&sandbox, arguments).expect(4).complains_about(&[
            "no model large",
            "models",
            "found there: small",
        ]);
    }
}

#[test]
fn a_relative_folder_is_looked_for_in_the_working_directory() {
    let finished = with_model()
        .yingda(&["model", "verify", "small"])
        .variable("YINGDA_MODEL__FOLDER", "models")
        .finish()
        .expect(0);
    assert!(finished.stdout.contains("models/small"), "{}", finished.stdout);
}

#[test]
fn a_path_is_taken_as_it_is() {
    let path = project(SMALL_MODEL);
    Sandbox::new().yingda(&["model", "verify", path.to_str().unwrap()]).finish().expect(0);
}

#[test]
fn a_device_that_is_not_there_exits_with_4() {
    let finished = Sandbox::new()
        .yingda(&["ask", "退款"])
        .variable("YINGDA_MODEL__NAME", project(SMALL_TRANSFORMER))
        .variable("YINGDA_MODEL__DEVICE", "cuda:63")
        .finish();
    finished.expect(4).complains_about(&["cuda:63"]);
}

#[test]
fn a_dimension_above_the_models_own_exits_with_2() {
    let finished =
        Sandbox::new().yingda_small(&["ask", "退款"]).variable("YINGDA_MODEL__DIMENSION", "4096").finish();
    finished.expect(2).complains_about(&["dimension", "4096"]);
}
