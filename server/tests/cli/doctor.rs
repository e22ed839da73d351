//! `doctor`: every check, and what it says when one fails.

use std::net::TcpListener;

use serde_json::Value;

use crate::sandbox::{Run, SMALL_MODEL, SMALL_RERANKER, SMALL_TRANSFORMER, Sandbox, project};

/// Bound for a moment by the doctor, so any free port will do.
fn doctor(sandbox: &Sandbox, arguments: &[&str]) -> Run {
    sandbox.yingda_small(&[&["doctor"], arguments].concat()).variable("YINGDA_SERVER__ADDRESS", "127.0.0.1:0")
}

/// The state of the check called `name`.
fn state(diagnosis: &Value, name: &str) -> String {
    let checks = diagnosis["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["name"] == name);
    check.map_or_else(
        || panic!("no check {name} in {diagnosis}"),
        |check| check["state"].as_str().unwrap().to_owned(),
    )
}

#[test]
fn a_sound_installation_passes() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", r#"{"id": "hours", "question": "几点开门", "answer": "九点"}"#);
    let finished =
        doctor(&sandbox, &["-o", "json"]).variable("YINGDA_KNOWLEDGE__PATH", "own.jsonl").finish().expect(0);
    let diagnosis = finished.json();
    assert_eq!(diagnosis["healthy"], true);
    for name in ["configuration", "model folder", "model files", "model", "knowledge", "address"] {
        assert_eq!(state(&diagnosis, name), "good", "{diagnosis}");
    }
    let text = doctor(&sandbox, &[]).finish().expect(0).stdout;
    assert!(text.lines().any(|line| line.starts_with("✓ model files")), "{text}");
    assert!(!text.contains('✗'), "{text}");
}

#[test]
fn every_failure_comes_with_advice() {
    let sandbox = Sandbox::new();
    sandbox.copy(SMALL_MODEL, "damaged");
    std::fs::remove_file(sandbox.path("damaged/modules.json")).unwrap();
    sandbox.file("own.jsonl", "nonsense\n");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let finished = doctor(&sandbox, &[])
        .variable("YINGDA_MODEL__NAME", "./damaged")
        .variable("YINGDA_KNOWLEDGE__PATH", "own.jsonl")
        .variable("YINGDA_SERVER__ADDRESS", taken.local_addr().unwrap().to_string())
        .finish()
        .expect(1);
    let text = finished.stdout;
    for start in ["✗ model files", "- model ", "✗ knowledge", "✗ address"] {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start} is not in:\n{text}");
    }
    assert!(text.contains("modules.json: missing") && text.contains("line 1: "), "{text}");
    assert_eq!(text.matches('✗').count(), text.matches('→').count(), "{text}");
}

#[test]
fn a_wrong_configuration_is_one_of_the_findings() {
    let sandbox = Sandbox::new();
    let finished = doctor(&sandbox, &["-o", "json"]).variable("YINGDA_SERVER__PORT", "1").finish().expect(1);
    let diagnosis = finished.json();
    assert_eq!(state(&diagnosis, "configuration"), "bad");
    assert_eq!(state(&diagnosis, "the rest"), "not_checked");
}

#[test]
fn a_reranker_is_checked_when_one_is_configured() {
    let sandbox = Sandbox::new();
    let with = |name: &std::path::Path, code: i32| {
        let doctor = doctor(&sandbox, &["-o", "json"]).variable("YINGDA_RERANKER__NAME", name);
        state(&doctor.finish().expect(code).json(), "reranker")
    };
    assert_eq!(with(&project(SMALL_RERANKER), 0), "good");
    assert_eq!(with("none".as_ref(), 1), "bad");
    // An embedding model has no classifier.
    assert_eq!(with(&project(SMALL_TRANSFORMER), 1), "bad");
    let without = doctor(&sandbox, &["-o", "json"]).finish().expect(0).json();
    let checks = without["checks"].as_array().unwrap();
    assert!(checks.iter().all(|check| check["name"] != "reranker"), "{without}");
}

#[test]
fn a_missing_model_and_an_absent_device_are_told_apart() {
    let sandbox = Sandbox::new();
    let missing =
        doctor(&sandbox, &["-o", "json"]).variable("YINGDA_MODEL__NAME", "none").finish().expect(1).json();
    assert_eq!(state(&missing, "model folder"), "bad");
    let absent = doctor(&sandbox, &["-o", "json"])
        .variable("YINGDA_MODEL__NAME", project(SMALL_TRANSFORMER))
        .variable("YINGDA_MODEL__DEVICE", "cuda:63");
    assert_eq!(state(&absent.finish().expect(1).json(), "device"), "bad");
}
