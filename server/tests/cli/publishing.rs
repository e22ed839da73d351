//! Knowledge and labels that are published while `serve` runs, by other processes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{sandbox::Sandbox, serving::Serving};

fn shop(answer: &str) -> String {
    let refund = json!({ "id": "refund", "question": "怎么退款", "answer": answer });
    let hours =
        json!({ "id": "hours", "question": "几点开门", "similar": ["什么时候营业"], "answer": "九点" });
    format!("{refund}\n{hours}\n")
}

const LABELS: &str = concat!(
    "{\"text\":\"想要回我的钱\",\"expected\":\"refund\"}\n",
    "{\"text\":\"给我讲个笑话\",\"expected\":null,\"note\":\"far\",\"source\":\"correction\"}\n",
    "{\"text\":\"早上能来吗\",\"expected\":\"hours\"}\n",
);

fn import(sandbox: &Sandbox, contents: &str) -> Value {
    sandbox.file("shop.jsonl", contents);
    sandbox.yingda(&["kb", "import", "shop.jsonl", "-o", "json"]).finish().expect(0).json()
}

fn serve(sandbox: &Sandbox) -> Serving {
    let run = sandbox.yingda_small(&["serve", "--address", "127.0.0.1:0", "-o", "json"]);
    Serving::start(run.variable("YINGDA_KNOWLEDGE__POLL_INTERVAL_MS", "50"))
}

/// Asks until `version` is served, at most half a minute; then the reply.
fn until_served(serving: &Serving, version: f64) -> Value {
    let started = Instant::now();
    while serving.metric("yingda_knowledge_version") < version {
        assert!(started.elapsed() < Duration::from_secs(30), "version {version} is not served");
        serving.post("/v1/ask", &json!({ "text": "怎么退款" }));
    }
    serving.post("/v1/ask?explain=true", &json!({ "text": "怎么退款" }))
}

#[test]
fn a_running_service_serves_what_another_process_imports_or_publishes_again() {
    let sandbox = Sandbox::new();
    assert_eq!(import(&sandbox, &shop("在订单页"))["version"], 1);
    let serving = serve(&sandbox);
    let before = until_served(&serving, 1.0);
    assert_eq!(before["explain"]["candidates"][0]["entry_id"], "refund");
    import(&sandbox, &shop("在订单页").replace("怎么退款", "退款怎么办"));
    let after = until_served(&serving, 2.0);
    assert_eq!(after["explain"]["candidates"][0]["question"], "退款怎么办");
    assert_eq!(after["explain"]["knowledge_version"], 2);
    sandbox.yingda(&["kb", "publish", "1"]).finish().expect(0);
    let started = Instant::now();
    while serving.metric("yingda_knowledge_version") > 1.0 {
        assert!(started.elapsed() < Duration::from_secs(30), "version 1 is not served again");
    }
    assert_eq!(until_served(&serving, 1.0)["explain"]["snapshot"], before["explain"]["snapshot"]);
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn labels_are_imported_published_served_and_exported_as_they_were() {
    let sandbox = Sandbox::new();
    sandbox.file("labels.jsonl", LABELS);
    let labels = ["kb", "labels", "import", "labels.jsonl", "-o", "json"];
    sandbox.yingda(&labels).finish().expect(2).complains_about(&["yingda kb import"]);
    import(&sandbox, &shop("在订单页"));
    let serving = serve(&sandbox);
    let without = until_served(&serving, 1.0);
    let imported = sandbox.yingda(&labels).finish().expect(0).json();
    assert_eq!(imported, json!({ "version": 2, "entries": 2, "labels": 3 }));
    let with = until_served(&serving, 2.0);
    assert_ne!(
        with["explain"]["snapshot"], without["explain"]["snapshot"],
        "they are part of what is served"
    );
    let exported = sandbox.yingda(&["kb", "labels", "export"]).finish().expect(0);
    let sorted = |text: &str| {
        let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.sort_by_key(Value::to_string);
        lines
    };
    assert_eq!(sorted(&exported.stdout), sorted(LABELS));
    assert_eq!(sandbox.yingda(&["kb", "labels", "export", "--version", "1"]).finish().expect(0).stdout, "");
}

#[test]
fn labels_of_entries_that_are_gone_are_kept_and_not_learned_from() {
    let sandbox = Sandbox::new();
    import(&sandbox, &shop("在订单页"));
    sandbox.file("labels.jsonl", LABELS);
    sandbox.yingda(&["kb", "labels", "import", "labels.jsonl"]).finish().expect(0);
    sandbox.file("less.jsonl", shop("在订单页").lines().next().unwrap());
    let imported = sandbox.yingda(&["kb", "import", "less.jsonl"]).finish().expect(0);
    imported.complains_about(&["left out of the calibration", "1 label"]);
    assert!(serve(&sandbox).metric("yingda_knowledge_version") > 2.0);
    let exported = sandbox.yingda(&["kb", "labels", "export"]).finish().expect(0);
    assert_eq!(exported.stdout.lines().count(), 3);
}

#[test]
fn labels_that_cannot_be_right_are_not_imported() {
    let sandbox = Sandbox::new();
    import(&sandbox, &shop("在订单页"));
    for (label, complaint) in [
        ("{\"text\":\"想退钱\",\"expected\":\"refnud\"}", "the entry refnud, which is not there"),
        ("{\"text\":\"a\",\"expected\":null}\n{\"text\":\"a\",\"expected\":\"hours\"}", "two labels"),
        ("{\"text\":\"a\",\"expected\":null}\n{\"txt\":\"a\"}", "line 2"),
    ] {
        sandbox.file("labels.jsonl", label);
        let refused = sandbox.yingda(&["kb", "labels", "import", "labels.jsonl"]).finish().expect(3);
        refused.complains_about(&[complaint]);
    }
    let missing = sandbox.yingda(&["kb", "labels", "import", "missing.jsonl"]).finish().expect(3);
    missing.complains_about(&["cannot read the labels missing.jsonl"]);
    let versions = sandbox.yingda(&["kb", "versions", "-o", "json"]).finish().expect(0).json();
    assert_eq!(versions.as_array().unwrap().len(), 1);
}

#[test]
fn a_configured_file_of_labels_belongs_to_a_configured_file_of_knowledge() {
    let sandbox = Sandbox::new();
    import(&sandbox, &shop("在订单页"));
    sandbox.file("labels.jsonl", LABELS);
    let run = sandbox.yingda_small(&["serve"]).variable("YINGDA_KNOWLEDGE__LABELS", "labels.jsonl");
    run.finish().expect(2).complains_about(&["knowledge.path", "yingda kb labels import"]);
}

#[test]
fn labels_beside_a_file_of_knowledge_must_be_of_it() {
    let sandbox = Sandbox::new();
    let explain = || {
        let run = sandbox.yingda_small(&["eval", "explain", "怎么退款", "--knowledge", "shop.jsonl"]);
        run.variable("YINGDA_KNOWLEDGE__LABELS", "labels.jsonl").finish()
    };
    sandbox.file("labels.jsonl", LABELS);
    // Nothing can be learned for an entry that is disabled, but that is no error.
    sandbox.file("shop.jsonl", shop("在订单页").replace("\"九点\"", "\"九点\",\"enabled\":false"));
    explain().expect(0);
    sandbox.file("shop.jsonl", shop("在订单页").lines().next().unwrap());
    explain().expect(3).complains_about(&["labels.jsonl", "the entry hours, which is not there"]);
    sandbox.file("shop.jsonl", shop("在订单页"));
    sandbox.file("labels.jsonl", format!("{LABELS}{LABELS}"));
    explain().expect(3).complains_about(&["two labels"]);
}
