//! Layers against what an operator would write.

use std::{ffi::OsString, path::Path};

use super::{Config, ConfigError, DEFAULT_FILE, Layers, Origin, Override, expected::KEYS};

/// The defaults with `text` as the operator's file and `variables` as the environment.
fn layers(text: &str, variables: &[(&str, &str)]) -> Result<Layers, ConfigError> {
    let mut layers = Layers::defaults()?;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).unwrap();
    layers.lay_file(&path)?;
    layers.lay_environment(
        variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))),
    )?;
    Ok(layers)
}

fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    layers(text, variables).unwrap_err().to_string()
}

#[test]
fn the_default_file_has_every_key_and_no_other() {
    let defaults = Layers::defaults().unwrap();
    let present: Vec<&str> = defaults.settings().map(|(key, _)| key).collect();
    let listed: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    assert_eq!(present, listed);
    let config = Config::from_layers(&defaults).unwrap();
    assert_eq!(config.model.dimension, None);
    assert_eq!(config.knowledge.path, None);
}

#[test]
fn the_defaults_of_the_embedder_are_the_librarys() {
    let config = Config::from_layers(&Layers::defaults().unwrap()).unwrap();
    assert_eq!(config.embedder_options(), inference::EmbedderOptions::default());
}

#[test]
fn a_card_gets_larger_batches_and_the_precision_that_is_asked_for() {
    let text = "[model]\ndevice = \"cuda:1\"\nprecision = \"bf16\"\n";
    let config = Config::from_layers(&layers(text, &[]).unwrap()).unwrap();
    let device = inference::DeviceChoice::Cuda(1);
    assert_eq!(config.embedder_options(), inference::EmbedderOptions::for_device(device));
    let options = config.model_options().unwrap();
    let precision = inference::PrecisionChoice::Exactly(inference::Precision::Bf16);
    assert_eq!((options.device, options.precision), (device, precision));
    let own = layers("[model]\ndevice = \"cuda\"\ntoken_budget = 4096\n", &[]).unwrap();
    assert_eq!(Config::from_layers(&own).unwrap().embedder_options().token_budget, 4_096);
    assert!(refusal("[model]\nprecision = \"half\"\n", &[]).contains("bf16"));
}

#[test]
fn no_reranker_is_the_default() {
    let config = Config::from_layers(&Layers::defaults().unwrap()).unwrap();
    assert_eq!((config.reranker.name.as_deref(), config.reranker.candidates), (None, 10));
    assert_eq!(config.reranker_options(), inference::RerankerOptions::default());
    let own = layers("[reranker]\nname = \"bge\"\ncandidates = 50\n", &[]).unwrap();
    let config = Config::from_layers(&own).unwrap();
    assert_eq!((config.reranker.name.as_deref(), config.reranker.candidates), (Some("bge"), 50));
}

#[test]
fn every_default_has_a_comment() {
    let mut lines = DEFAULT_FILE.lines().peekable();
    while let Some(line) = lines.next() {
        let next_is_key = lines.peek().is_some_and(|next| next.contains(" = ") && !next.starts_with('#'));
        assert!(!next_is_key || line.starts_with('#'), "no comment above {:?}", lines.peek());
    }
}

#[test]
fn later_sources_win_and_are_remembered() {
    let mut layers = layers(
        "[server]\nmax_in_flight = 7\nmax_body_bytes = 4096\n[answer]\nrisk_target = 1\n",
        &[("YINGDA_SERVER__MAX_BODY_BYTES", "8192"), ("YINGDA_MODEL__NAME", "2024"), ("PATH", "/bin")],
    )
    .unwrap();
    let address = Override { option: "--address", key: "server.address", value: "[::1]:0".to_owned() };
    layers.lay_options(&[address]).unwrap();
    let config = Config::from_layers(&layers).unwrap();
    assert_eq!(config.server.max_in_flight, 7);
    assert_eq!(config.server.max_body_bytes, 8192);
    assert_eq!(config.model.name, "2024");
    assert_eq!(config.answer.risk_target, 1.0);
    assert_eq!(config.server.address.port(), 0);
    assert!(matches!(layers.origin("server.max_in_flight"), Some(Origin::File(_))));
    assert_eq!(
        layers.origin("server.max_body_bytes"),
        Some(&Origin::Variable("YINGDA_SERVER__MAX_BODY_BYTES".to_owned()))
    );
    assert_eq!(layers.origin("server.address"), Some(&Origin::Option("--address")));
    assert_eq!(layers.origin("log.level"), Some(&Origin::Default));
}

#[test]
fn unknown_keys_are_named_with_their_place() {
    let text = refusal("[server]\nadress = \"127.0.0.1:1\"\n", &[]);
    assert!(text.contains("unknown key server.adress (file ") && text.contains("own.toml"), "{text}");
    assert!(text.contains("did you mean server.address?"), "{text}");
    let text = refusal("", &[("YINGDA_SERVER__ADRESS", "127.0.0.1:1")]);
    assert!(text.contains("server.adress (variable YINGDA_SERVER__ADRESS)"), "{text}");
    let text = refusal("", &[("YINGDA_SERVER_ADDRESS", "127.0.0.1:1")]);
    assert!(text.contains("did you mean YINGDA_SERVER__ADDRESS?"), "{text}");
    let text = refusal("address = \"127.0.0.1:1\"\n", &[]);
    assert!(text.contains("did you mean server.address?"), "{text}");
    let text = refusal("[log]\ncolours = true\n", &[]);
    assert!(text.contains("the keys of this section are log.format, log.level"), "{text}");
    let text = refusal("[colours]\nred = true\n", &[]);
    assert!(text.contains("the sections are"), "{text}");
}

#[test]
fn variables_of_other_programs_are_passed_over() {
    let variables = [("YINGDA_PORT", "tcp://10.0.0.1:80"), ("YINGDA_CONFIG", "x.toml"), ("YINGDAX__Y", "1")];
    layers("", &variables).unwrap();
}

#[test]
fn refused_values_are_shown_with_what_was_expected() {
    for (text, key, value, expected) in [
        (
            "[server]\naddress = \"localhost\"\n",
            "server.address",
            "\"localhost\"",
            "an IP address and a port",
        ),
        ("[server]\nmax_in_flight = 0\n", "server.max_in_flight", "0", "from 1 to"),
        ("[server]\nmax_in_flight = \"many\"\n", "server.max_in_flight", "\"many\"", "a whole number"),
        ("[server]\nmax_in_flight = 1.5\n", "server.max_in_flight", "1.5", "a whole number"),
        ("[reranker]\ncandidates = 1\n", "reranker.candidates", "1", "from 2 to 50"),
        ("[answer]\nrisk_target = 1.01\n", "answer.risk_target", "1.01", "a number from 0 to 1"),
        ("[answer]\nrisk_target = nan\n", "answer.risk_target", "nan", "a number from 0 to 1"),
        ("[model]\ndevice = \"gpu\"\n", "model.device", "\"gpu\"", "\"cpu\""),
        ("[model]\nname = [\"a\"]\n", "model.name", "[\"a\"]", "a text"),
        ("[retention]\ncontacts_days = -1\n", "retention.contacts_days", "-1", "a whole number"),
        ("[retention]\nconsents_days = 1.5\n", "retention.consents_days", "1.5", "a whole number"),
        (
            "[retention]\nconversations_days = \"30\"\n",
            "retention.conversations_days",
            "\"30\"",
            "a whole number",
        ),
        ("[retention]\naudit_days = 30\n", "retention.audit_days", "30", "0, or a whole number from 180"),
        ("[backup]\nrecipients = [\"age1x\"]\n", "backup.recipients", "…", "public keys of age"),
        ("[log]\nlevel = \"inof\"\n", "log.level", "\"inof\"", "error, warn, info"),
        ("[log]\nformat = \"xml\"\n", "log.format", "\"xml\"", "\"text\" or \"json\""),
    ] {
        let refusal = refusal(text, &[]);
        assert!(refusal.starts_with(&format!("{key} = {value} (file ")), "{refusal}");
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_variable_that_is_no_number_is_shown_as_written() {
    let text = refusal("", &[("YINGDA_MODEL__WORKERS", "four")]);
    assert_eq!(
        text,
        "model.workers = \"four\" (variable YINGDA_MODEL__WORKERS): expected a whole number from 0 to 256"
    );
}

#[test]
fn recipients_of_backups_are_a_list_in_a_file_and_words_in_a_variable() {
    let keys = [(); 2].map(|()| sealing::backup::Identities::generate().recipients().to_string());
    let [first, second] = keys.each_ref().map(|key| key.trim());
    let text = format!("[backup]\nrecipients = [\"{first}\"]\n");
    assert_eq!(Config::from_layers(&layers(&text, &[]).unwrap()).unwrap().backup.recipients, [first]);
    let both = format!("{first}, {second}");
    let layers = layers(&text, &[("YINGDA_BACKUP__RECIPIENTS", &both)]).unwrap();
    assert_eq!(Config::from_layers(&layers).unwrap().backup.recipients, [first, second]);
}

#[test]
fn a_broken_file_is_named_with_its_line() {
    let text = refusal("[server]\n# fine\nmax_in_flight = = 3\n", &[]);
    assert!(text.contains("own.toml, line 3: "), "{text}");
    let text = refusal("[log]\nlevel = \"info\"\nlevel = \"warn\"\n", &[]);
    assert!(text.contains("line 3: ") && text.contains("duplicate"), "{text}");
    let missing = Layers::defaults().unwrap().lay_file(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(missing.contains("no/such.toml"), "{missing}");
}
