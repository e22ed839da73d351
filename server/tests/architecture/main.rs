//! Reads the tree and holds it to the invariants of ARCHITECTURE.md.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail the test")]

mod tree;

use tree::{CRATES, SourceFile, crate_dependencies, root, rust_sources};

/// Library code: what ships, without tests and benches.
fn shipped() -> Vec<SourceFile> {
    let shipped: Vec<SourceFile> =
        rust_sources().into_iter().filter(|file| file.path.contains("/src/")).collect();
    assert!(shipped.len() > 30, "only {} files found: the test looks in the wrong place", shipped.len());
    shipped
}

/// Fails with the place of every line of `files` that names one of `words` and is not in a file that `may` allows.
fn assert_only_named_in(words: &[&str], may: impl Fn(&str) -> bool) {
    let found: Vec<String> =
        shipped().iter().filter(|file| !may(&file.path)).flat_map(|file| file.lines_naming(words)).collect();
    assert!(found.is_empty(), "{words:?} named outside their place:\n{}", found.join("\n"));
}

#[test]
fn libraries_are_named_only_where_they_belong() {
    assert_only_named_in(&["candle_core", "candle_nn", "candle_transformers"], |path| {
        path.starts_with("inference/")
    });
    assert_only_named_in(&["tokenizers"], |path| path.starts_with("inference/"));
    assert_only_named_in(&["hnsw_rs"], |path| path == "index/src/hnsw.rs");
    assert_only_named_in(&["tantivy"], |path| path == "answer/src/lexical.rs");
    assert_only_named_in(&["axum"], |path| {
        path.starts_with("server/src/http/") || path == "server/src/error.rs"
    });
    assert_only_named_in(&["rusqlite", "tokio_postgres", "deadpool_postgres"], |path| {
        path.starts_with("store/src/engine/")
    });
    assert_only_named_in(&["rustls", "tokio_postgres_rustls", "rustls_native_certs"], |path| {
        path.starts_with("store/src/engine/postgres/")
    });
}

#[test]
fn sql_is_written_only_in_the_store() {
    // DELETE alone is also a verb of HTTP.
    assert_only_named_in(&["SELECT", "INSERT", "UPDATE", "FROM"], |path| path.starts_with("store/src/"));
    let engine: Vec<SourceFile> =
        shipped().into_iter().filter(|file| file.path.starts_with("store/src/engine")).collect();
    assert!(!engine.is_empty(), "the engines are not where they were");
    // What a server tells of itself is no aggregate's: its catalogue's names begin so.
    let of_the_server = |line: &String| line.contains("FROM pg_");
    let found: Vec<String> = engine
        .iter()
        .flat_map(|file| file.lines_naming(&["INSERT", "DELETE", "UPDATE", "FROM"]))
        .filter(|line| !of_the_server(line))
        .collect();
    assert!(found.is_empty(), "a statement belongs into the file of its aggregate:\n{}", found.join("\n"));
}

#[test]
fn ciphers_are_named_only_where_values_are_sealed() {
    assert_only_named_in(&["aes_gcm", "chacha20poly1305"], |path| path == "sealing/src/algorithm.rs");
    assert_only_named_in(&["hkdf"], |path| path == "sealing/src/secret.rs");
    assert_only_named_in(&["hmac"], |path| path == "sealing/src/blind_index.rs");
    // The crate `age`, not the word.
    let files = shipped().into_iter().filter(|file| !file.path.starts_with("sealing/src/backup"));
    let found: Vec<String> = files.flat_map(|file| file.lines_naming(&["age"])).collect();
    let found: Vec<&String> = found.iter().filter(|line| line.contains("age::")).collect();
    assert!(found.is_empty(), "age named outside backups: {found:?}");
}

#[test]
fn dependencies_point_one_way() {
    for (name, allowed) in [
        ("inference", &[][..]),
        ("index", &[]),
        ("answer", &["index", "inference"]),
        ("eval", &["answer", "inference"]),
        ("sealing", &[]),
        ("store", &[]),
        ("server", &["answer", "eval", "inference", "sealing", "store"]),
    ] {
        let own = crate_dependencies(name);
        let forbidden: Vec<&String> = own.iter().filter(|other| !allowed.contains(&other.as_str())).collect();
        assert!(forbidden.is_empty(), "{name} depends on {forbidden:?}");
    }
}

#[test]
fn policy_and_fusion_are_pure() {
    let pure = [
        "answer/src/policy.rs",
        "answer/src/fusion.rs",
        "answer/src/calibrate/isotonic.rs",
        "answer/src/probability.rs",
        "inference/src/batch.rs",
    ];
    assert_pure(&pure, &["async", "Instant", "SystemTime", "rand", "tokio", "fs", "env", "Mutex", "static"]);
}

/// They name string literals' lifetime, and a test of theirs draws with a seed.
#[test]
fn features_and_risk_are_pure() {
    let pure = [
        "answer/src/features.rs",
        "answer/src/neighborhood.rs",
        "answer/src/calibrate/risk.rs",
        "answer/src/calibrate/belief.rs",
    ];
    let impure =
        ["async", "Instant", "SystemTime", "tokio", "fs", "env", "Mutex", "LazyLock", "OnceLock", "RefCell"];
    assert_pure(&pure, &impure);
}

fn assert_pure(paths: &[&str], impure: &[&str]) {
    for path in paths {
        let found = SourceFile::read(path).lines_naming(impure);
        assert!(found.is_empty(), "{path} must be pure:\n{}", found.join("\n"));
    }
}

#[test]
fn wall_time_is_read_in_one_place() {
    assert_only_named_in(&["SystemTime", "now_utc", "now_local"], |path| path == "server/src/clock.rs");
}

#[test]
fn similarities_stay_inside_answer() {
    // A report compares what was decided with what a fixed threshold could have done; nothing is decided by it.
    let compared = "eval/src/metrics/curves.rs";
    assert_only_named_in(&["similarity", "cosine", "Neighbor"], |path| {
        path == compared || ["answer/", "index/", "inference/"].iter().any(|inside| path.starts_with(inside))
    });
    let public =
        ["lib.rs", "decision.rs", "decide.rs"].map(|name| SourceFile::read(&format!("answer/src/{name}")));
    for file in public {
        let found = file.lines_naming(&["similarity", "Evidence", "Neighbor"]);
        assert!(found.is_empty(), "what answer returns holds a similarity:\n{}", found.join("\n"));
    }
}

#[test]
fn there_is_one_way_to_a_decision() {
    let callers = ["eval/src/run.rs", "server/src/app.rs"];
    for file in shipped().iter().filter(|file| file.code.contains("answer::decide(")) {
        assert!(callers.contains(&file.path.as_str()), "{} decides on its own", file.path);
    }
}

#[test]
fn all_routes_are_on_one_page() {
    let found: Vec<String> = shipped()
        .iter()
        .filter(|file| file.path != "server/src/http/router.rs")
        .filter(|file| file.code.contains(".route("))
        .map(|file| file.path.clone())
        .collect();
    assert!(found.is_empty(), "routes outside router.rs: {found:?}");
}

#[test]
fn libraries_neither_end_the_process_nor_print() {
    let ends = ["process::exit", "process::abort", "println!", "eprintln!"];
    for file in shipped().iter().filter(|file| file.path != "server/src/main.rs") {
        for word in ends {
            assert!(!file.code.contains(word), "{} uses {word}", file.path);
        }
    }
}

#[test]
fn unsafe_code_stands_only_where_instructions_are_named() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"deny\""));
    for name in CRATES {
        let own = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        assert!(own.contains("[lints]\nworkspace = true"), "{name} does not take the workspace's lints");
    }
    let instructions = "inference/src/cpu/instructions/";
    let uses = |file: &&SourceFile| file.code.contains("unsafe {") || file.code.contains("unsafe_code,");
    for file in
        rust_sources().iter().filter(uses).filter(|file| !file.path.starts_with("server/tests/architecture"))
    {
        assert!(file.path.starts_with(instructions), "{} has unsafe code", file.path);
        let text = std::fs::read_to_string(root().join(&file.path)).unwrap();
        let (blocks, reasons) = (text.matches("unsafe {").count(), text.matches("// SAFETY: ").count());
        assert_eq!(blocks, reasons, "{}: an unsafe block without its SAFETY line", file.path);
    }
}

#[test]
fn files_stay_small() {
    let long: Vec<String> = rust_sources()
        .iter()
        .filter(|file| file.lines > 400)
        .map(|file| format!("{}: {} lines", file.path, file.lines))
        .collect();
    assert!(long.is_empty(), "{long:?}");
    let main = SourceFile::read("server/src/main.rs");
    assert!(main.lines <= 60, "main.rs has {} lines", main.lines);
}

#[test]
fn the_map_names_files_that_exist() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let named: Vec<&str> = map
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| {
            name.contains('/') && !name.contains(' ') && !name.starts_with('/') && !name.contains('*')
        })
        .collect();
    assert!(named.len() > 20, "the map names only {} files", named.len());
    let missing: Vec<&&str> = named.iter().filter(|name| !root().join(name).exists()).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md names what is not there: {missing:?}");
}
