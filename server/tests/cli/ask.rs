//! `ask`: one question or many, from the demo shop or a file. Vectors come from the default model.

use serde_json::Value;

use crate::{
    sandbox::{Finished, Sandbox},
    serving::Serving,
};

/// As `demo` announces them.
fn demo_examples(language: &str) -> Vec<String> {
    let sandbox = Sandbox::new();
    let demo = Serving::start(sandbox.yingda_small(&[
        "demo",
        "--language",
        language,
        "--address",
        "127.0.0.1:0",
        "-o",
        "json",
    ]));
    let examples = demo.announced["examples"].as_array().unwrap();
    examples.iter().map(|example| example.as_str().unwrap().to_owned()).collect()
}

fn ask(arguments: &[&str]) -> Finished {
    Sandbox::new().yingda(&[&["ask"], arguments].concat()).finish()
}

#[test]
fn a_question_of_the_shop_is_answered() {
    let reply = ask(&["买的东西几天能送到", "-o", "json"]).expect(0).json();
    assert_eq!((&reply["decision"], &reply["entry_id"]), (&"answer".into(), &"shop-021".into()), "{reply}");
    assert!(reply["answer"].as_str().unwrap().contains("48小时"), "{reply}");
    let confidence = reply["confidence"].as_f64().unwrap();
    assert!((0.5..=1.0).contains(&confidence), "{confidence}");
}

#[test]
fn a_question_about_something_else_is_handed_over() {
    let reply = ask(&["给我讲个笑话", "-o", "json"]).expect(0).json();
    assert_eq!((&reply["decision"], &reply["answer"]), (&"handoff".into(), &Value::Null), "{reply}");
    assert_eq!(reply["reason"], "low_confidence");
}

#[test]
fn the_english_shop_answers_in_english() {
    let reply = ask(&["what's your return policy", "--demo", "en", "-o", "json"]).expect(0).json();
    assert_eq!(reply["decision"], "answer", "{reply}");
    assert!(reply["entry_id"].as_str().unwrap().starts_with("store-"), "{reply}");
}

#[test]
fn the_examples_of_both_shops_show_what_they_are_for() {
    for language in ["zh", "en"] {
        let examples = demo_examples(language);
        assert!(examples.len() >= 4, "{examples:?}");
        let arguments = ["ask", "-", "--demo", language, "-o", "json"];
        let replies =
            Sandbox::new().yingda(&arguments).stdin(examples.join("\n")).finish().expect(0).json_lines();
        let (last, others) = replies.split_last().unwrap();
        assert!(others.iter().all(|reply| reply["decision"] == "answer"), "{replies:?}");
        assert_eq!(last["decision"], "handoff", "{last}");
    }
}

#[test]
fn json_is_the_reply_of_the_service_and_nothing_else() {
    let reply = ask(&["怎么退货", "-o", "json"]).expect(0).json();
    let keys: Vec<&str> = reply.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = vec![
        "decision",
        "confidence",
        "answer",
        "entry_id",
        "matched_question",
        "options",
        "reason",
        "trace_id",
        "took_ms",
    ];
    expected.sort_unstable();
    assert_eq!(keys, expected);
    let explained = ask(&["怎么退货", "-o", "json", "--explain"]).expect(0).json();
    assert!(!explained["explain"]["candidates"].as_array().unwrap().is_empty());
}

#[test]
fn text_shows_decision_answer_and_candidates() {
    let finished = ask(&["买的东西几天能送到"]).expect(0);
    for part in ["decision    answer", "confidence  0.", "answer      您好", "matched     ", "candidates  0."]
    {
        assert!(finished.stdout.contains(part), "{part} is not in:\n{}", finished.stdout);
    }
    finished.complains_about(&["asking the demo shop"]);
    let quiet = ask(&["买的东西几天能送到", "-q"]).expect(0);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn own_knowledge_answers_on_its_channel_only() {
    let sandbox = Sandbox::new();
    sandbox.file(
        "own.jsonl",
        r#"{"id": "hours", "question": "几点开门", "answer": "九点", "channels": ["shop-window"]}"#,
    );
    let ask = |channel: &str| {
        let arguments = ["ask", "几点开门", "--knowledge", "own.jsonl", "--channel", channel, "-o", "json"];
        sandbox.yingda(&arguments).finish().expect(0).json()
    };
    assert_eq!(ask("shop-window")["entry_id"], "hours");
    let elsewhere = ask("web");
    assert_eq!((&elsewhere["decision"], &elsewhere["reason"]), (&"handoff".into(), &"unavailable".into()));
}

#[test]
fn the_configured_knowledge_is_asked() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", r#"{"id": "hours", "question": "几点开门", "answer": "九点"}"#);
    let run =
        sandbox.yingda(&["ask", "几点开门", "-o", "json"]).variable("YINGDA_KNOWLEDGE__PATH", "own.jsonl");
    assert_eq!(run.finish().expect(0).json()["answer"], "九点");
}

#[test]
fn standard_input_is_asked_line_by_line() {
    let input = "买的东西几天能送到\r\n\n😀👍\n给我讲个笑话\n\u{1}\n";
    let finished = Sandbox::new().yingda(&["ask", "-", "-o", "json"]).stdin(input).finish().expect(3);
    let lines = finished.json_lines();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[0]["decision"], "answer");
    assert_eq!((&lines[1]["code"], &lines[1]["details"]["line"]), (&"no_words".into(), &3.into()));
    assert_eq!(lines[2]["decision"], "handoff");
    assert_eq!((&lines[3]["code"], &lines[3]["details"]["line"]), (&"control_character".into(), &5.into()));
    let text = Sandbox::new().yingda(&["ask", "-"]).stdin(input).finish().expect(3);
    text.complains_about(&["standard input, line 3: ", "standard input, line 5: "]);
}

#[test]
fn standard_input_may_hold_anything() {
    let long = "长".repeat(350_000);
    let input = [b"\xff\xfe\n".as_slice(), long.as_bytes(), b"\n"].concat();
    let finished = Sandbox::new().yingda_small(&["ask", "-", "-o", "json"]).stdin(input).finish().expect(3);
    let codes: Vec<Value> = finished.json_lines().iter().map(|line| line["code"].clone()).collect();
    assert_eq!(codes, ["invalid_utf8", "question_too_long"]);
    Sandbox::new().yingda_small(&["ask", "-"]).finish().expect(0);
}

#[test]
fn a_text_that_is_no_question_exits_with_3() {
    for (text, part) in
        [("", "empty"), (" \t", "empty"), ("😀👍", "no letter or digit"), ("a\u{7}b", "control character")]
    {
        Sandbox::new().yingda_small(&["ask", text]).finish().expect(3).complains_about(&["error: ", part]);
    }
}

#[test]
fn a_missing_knowledge_file_exits_with_3() {
    let finished =
        Sandbox::new().yingda_small(&["ask", "退款", "--knowledge", "none.jsonl"]).finish().expect(3);
    finished.complains_about(&["none.jsonl", "caused by: No such file"]);
}
