//! Files, variables and options over the defaults, as `config print` shows them.

use crate::sandbox::Sandbox;

#[test]
fn defaults_are_printed_as_toml_without_a_place() {
    let sandbox = Sandbox::new();
    let finished =
        sandbox.yingda(&["config", "print"]).without_variable("YINGDA_MODEL__FOLDER").finish().expect(0);
    let printed: toml::Table = finished.stdout.parse().unwrap();
    assert_eq!(printed["server"]["address"].as_str(), Some("127.0.0.1:8080"));
    assert!(!finished.stdout.contains('#'), "{}", finished.stdout);
}

#[test]
fn what_is_printed_can_be_kept_as_a_file() {
    let sandbox = Sandbox::new();
    let first =
        sandbox.yingda(&["config", "print"]).variable("YINGDA_LOG__LEVEL", "debug").finish().expect(0);
    sandbox.file("kept.toml", &first.stdout);
    let second = sandbox.yingda(&["config", "print", "--config", "kept.toml"]).finish().expect(0);
    let tables: [toml::Table; 2] = [&first, &second].map(|finished| finished.stdout.parse().unwrap());
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn every_source_is_named_beside_its_value() {
    let sandbox = Sandbox::new();
    sandbox.file("own.toml", "[server]\nmax_in_flight = 9\n[answer]\nrisk_target = 0.25\n");
    let finished = sandbox
        .yingda(&["config", "print", "--config", "own.toml", "--log-level", "trace"])
        .variable("YINGDA_SERVER__MAX_IN_FLIGHT", "11")
        .finish()
        .expect(0);
    for line in [
        "max_in_flight = 11  # variable YINGDA_SERVER__MAX_IN_FLIGHT",
        "risk_target = 0.25  # file own.toml",
        "level = \"trace\"  # option --log-level",
    ] {
        assert!(
            finished.stdout.lines().any(|printed| printed == line),
            "{line} is not in:\n{}",
            finished.stdout
        );
    }
}

#[test]
fn json_has_values_and_origins() {
    let finished = Sandbox::new()
        .yingda(&["config", "print", "-o", "json"])
        .variable("YINGDA_ANSWER__CLARIFY_RISK_TARGET", "0.125")
        .finish()
        .expect(0);
    let printed = finished.json();
    assert_eq!(printed["values"]["answer"]["clarify_risk_target"], 0.125);
    assert_eq!(
        printed["origins"]["answer.clarify_risk_target"],
        "variable YINGDA_ANSWER__CLARIFY_RISK_TARGET"
    );
    assert_eq!(printed["origins"].get("answer.risk_target"), None);
}

#[test]
fn the_file_is_chosen_by_option_then_variable_then_folder() {
    let sandbox = Sandbox::new();
    for (name, size) in [("yingda.toml", 2001), ("by-variable.toml", 2002), ("by-option.toml", 2003)] {
        sandbox.file(name, format!("[server]\nmax_body_bytes = {size}\n"));
    }
    let print = ["config", "print"];
    let in_folder = sandbox.yingda(&print).finish().expect(0);
    assert!(in_folder.stdout.contains("max_body_bytes = 2001  # file yingda.toml"), "{}", in_folder.stdout);
    let by_variable = sandbox.yingda(&print).variable("YINGDA_CONFIG", "by-variable.toml").finish().expect(0);
    assert!(by_variable.stdout.contains("max_body_bytes = 2002"), "{}", by_variable.stdout);
    let by_option = sandbox
        .yingda(&["--config", "by-option.toml", "config", "print"])
        .variable("YINGDA_CONFIG", "by-variable.toml")
        .finish()
        .expect(0);
    assert!(by_option.stdout.contains("max_body_bytes = 2003"), "{}", by_option.stdout);
}

#[test]
fn an_empty_variable_names_no_file() {
    Sandbox::new().yingda(&["config", "print"]).variable("YINGDA_CONFIG", "").finish().expect(0);
}

#[test]
fn unknown_keys_exit_with_2_and_name_their_place() {
    let sandbox = Sandbox::new();
    sandbox.file("yingda.toml", "[model]\nworker = 3\n");
    let in_file = sandbox.yingda(&["config", "print"]).finish().expect(2);
    in_file.complains_about(&["unknown key model.worker", "file yingda.toml", "did you mean model.workers?"]);
    let in_variable =
        Sandbox::new().yingda(&["ask", "退款"]).variable("YINGDA_MODEL__WORKER", "3").finish().expect(2);
    in_variable.complains_about(&["unknown key model.worker", "variable YINGDA_MODEL__WORKER"]);
}

#[test]
fn refused_values_exit_with_2_and_are_shown() {
    let sandbox = Sandbox::new();
    let finished = sandbox.yingda(&["serve", "--address", "nowhere"]).finish().expect(2);
    finished.complains_about(&[
        "server.address = \"nowhere\"",
        "option --address",
        "an IP address and a port",
    ]);
    let finished = sandbox
        .yingda(&["config", "print", "-o", "json"])
        .variable("YINGDA_ANSWER__ANSWER_AT", "0.1")
        .finish();
    assert_eq!(finished.expect(2).json_error()["code"], "usage");
}

#[test]
fn keys_that_stand_where_they_do_not_belong_are_refused_and_not_shown() {
    let sandbox = Sandbox::new();
    let master = "B".repeat(42) + "A=";
    let private = sealing::backup::Identities::generate().to_text();
    for (section, key, secret) in [
        ("keys", "master", master.as_str()),
        ("keys", "previous", master.as_str()),
        ("backup", "recipients", private.trim()),
    ] {
        let name = format!("YINGDA_{section}__{key}").to_uppercase();
        let in_variable = sandbox.yingda(&["config", "print"]).variable(&name, secret).finish().expect(2);
        sandbox.file("own.toml", format!("[{section}]\n{key} = \"{secret}\"\n"));
        let in_file = sandbox.yingda(&["config", "print", "--config", "own.toml"]).finish().expect(2);
        for (refused, place) in [(in_variable, name.as_str()), (in_file, "own.toml")] {
            assert!(!refused.stderr.contains(secret), "{}", refused.stderr);
            refused.complains_about(&[place, "expected", &format!("{section}.{key} = … (")]);
        }
    }
}

#[test]
fn a_missing_file_exits_with_2() {
    let finished = Sandbox::new().yingda(&["config", "print", "--config", "none.toml"]).finish().expect(2);
    finished.complains_about(&["none.toml", "No such file"]);
}
