//! `kb validate`, and how the verbs that serve refuse what it refuses.

use crate::sandbox::{Sandbox, project};

const GOOD: &str = r#"{"id": "a", "question": "怎么退款", "answer": "七天内可退"}"#;

#[test]
fn a_sound_file_passes() {
    let path = project("datasets/shop-zh/knowledge.jsonl");
    let finished = Sandbox::new().yingda(&["kb", "validate", path.to_str().unwrap()]).finish().expect(0);
    assert!(finished.stdout.contains("can be served (90 entries, 0 errors"), "{}", finished.stdout);
}

#[test]
fn every_broken_line_is_reported_with_its_number() {
    let sandbox = Sandbox::new();
    let lines = [
        GOOD,
        "",
        r#"{"id": "b", "question": "怎么换货""#,
        r#"{"id": "c", "question": "几天到货", "answer": "三天", "colour": "red"}"#,
        r#"{"id": "a", "question": "退款多久到账", "answer": "三天"}"#,
        r#"{"id": "d", "question": "??", "answer": "三天"}"#,
        r#"{"id": "e", "question": "怎么退款", "answer": "找客服"}"#,
    ];
    sandbox.file("k.jsonl", lines.join("\n"));
    let finished = sandbox.yingda(&["kb", "validate", "k.jsonl"]).finish().expect(1);
    let printed: Vec<&str> = finished.stdout.lines().collect();
    assert!(printed[0].starts_with("k.jsonl:3: error: "), "{printed:?}");
    assert!(printed[1].starts_with("k.jsonl:4: error: ") && printed[1].contains("colour"), "{printed:?}");
    assert!(printed[2].starts_with("k.jsonl:5: error: entry a: the id is already used"), "{printed:?}");
    assert!(printed[3].starts_with("k.jsonl:6: error: entry d: "), "{printed:?}");
    assert!(printed[4].starts_with("k.jsonl:7: warning: entry e: "), "{printed:?}");
    assert_eq!(printed[5], "k.jsonl: cannot be served (4 entries, 4 errors, 1 warning)");
}

#[test]
fn invalid_utf8_is_reported_with_its_line() {
    let sandbox = Sandbox::new();
    sandbox.file("k.jsonl", [GOOD.as_bytes(), b"\n{\"id\": \"\xff\"}\n"].concat());
    let finished = sandbox.yingda(&["kb", "validate", "k.jsonl"]).finish().expect(1);
    assert!(finished.stdout.contains("k.jsonl:2: error: not valid UTF-8"), "{}", finished.stdout);
}

#[test]
fn findings_are_data_in_json() {
    let sandbox = Sandbox::new();
    sandbox.file("good.jsonl", GOOD);
    sandbox.file("bad.jsonl", format!("{GOOD}\nnonsense\n"));
    let finished =
        sandbox.yingda(&["kb", "validate", "good.jsonl", "bad.jsonl", "-o", "json"]).finish().expect(1);
    let files = finished.json_lines();
    assert_eq!((&files[0]["file"], &files[0]["errors"]), (&"good.jsonl".into(), &0.into()));
    assert_eq!(files[1]["entries"], 1);
    let finding = &files[1]["findings"][0];
    assert_eq!((&finding["severity"], &finding["line"]), (&"error".into(), &2.into()));
}

#[test]
fn an_empty_file_cannot_be_served() {
    let sandbox = Sandbox::new();
    sandbox.file("k.jsonl", "\n\n");
    sandbox.yingda(&["kb", "validate", "k.jsonl"]).finish().expect(1);
    let finished = sandbox.yingda_small(&["serve", "--knowledge", "k.jsonl"]).finish().expect(3);
    finished.complains_about(&["k.jsonl", "no entry"]);
}

#[test]
fn serving_verbs_refuse_a_broken_file_and_name_the_line() {
    let sandbox = Sandbox::new();
    sandbox.file("k.jsonl", format!("{GOOD}\n{{\"id\": 7}}\nnonsense\n"));
    for verb in [&["ask", "退款"][..], &["serve", "--address", "127.0.0.1:0"]] {
        let finished = sandbox.yingda_small(&[verb, &["--knowledge", "k.jsonl"]].concat()).finish().expect(3);
        finished.complains_about(&["k.jsonl, line 2: ", "and 1 more", "yingda kb validate"]);
    }
}
