//! Arguments, help, and how errors are printed.

use std::process::Stdio;

use crate::sandbox::Sandbox;

#[test]
fn help_lists_verbs_and_exit_codes() {
    let finished = Sandbox::new().yingda(&["--help"]).finish().expect(0);
    for word in ["demo", "serve", "ask", "eval", "model", "kb", "config", "doctor", "Exit codes:", "70"] {
        assert!(finished.stdout.contains(word), "{word} is missing:\n{}", finished.stdout);
    }
}

#[test]
fn the_version_is_printed() {
    let finished = Sandbox::new().yingda(&["--version"]).finish().expect(0);
    assert_eq!(finished.stdout, format!("yingda {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_exits_with_2() {
    let sandbox = Sandbox::new();
    for arguments in
        [&["asks"][..], &["ask"], &["kb", "validate"], &["eval", "run"], &["-o", "xml", "doctor"], &[]]
    {
        let finished = sandbox.yingda(arguments).finish().expect(2);
        assert_eq!(finished.stdout, "");
        assert!(!finished.stderr.is_empty());
    }
    sandbox.yingda(&["asks", "x"]).finish().complains_about(&["asks", "'ask'"]);
}

#[test]
fn wrong_usage_is_json_when_json_was_asked_for() {
    let error = Sandbox::new().yingda(&["ask", "-o", "json"]).finish().expect(2).json_error();
    assert_eq!(error["code"], "usage");
    assert_eq!(error["details"]["exit_code"], 2);
    assert!(error["message"].as_str().unwrap().contains("<QUESTION>"), "{error}");
}

#[test]
fn an_error_is_one_chain_from_task_to_cause() {
    let sandbox = Sandbox::new();
    let arguments = ["kb", "validate", "missing.jsonl"];
    let finished = sandbox.yingda(&arguments).finish().expect(3);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(lines[0], "error: cannot read the knowledge file missing.jsonl");
    assert!(lines[1].starts_with("  caused by: No such file"), "{lines:?}");
    let finished = sandbox.yingda(&[&arguments[..], &["-o", "json"]].concat()).finish().expect(3);
    let error = finished.json_error();
    assert_eq!(error["code"], "invalid_input");
    assert_eq!(error["message"], "cannot read the knowledge file missing.jsonl");
    assert!(error["details"]["causes"][0].as_str().unwrap().starts_with("No such file"), "{error}");
}

#[test]
fn a_reader_that_has_left_is_no_error() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let sandbox = Sandbox::new();
    let mut command = sandbox.yingda(&["config", "print"]).command();
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
