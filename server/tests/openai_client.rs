//! The official OpenAI client for Python against the binary.
//!
//! Needs the packages of `tests/requirements.txt` in the Python that `YINGDA_TEST_PYTHON` names; without the variable
//! the test says so and passes.

#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not as expected")]

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// Nothing answers on another channel: whatever the model, such a question is handed over.
const KNOWLEDGE: &str = r#"
{"id": "refund", "question": "怎么申请退款", "similar": ["怎么退款"], "answer": "在订单详情页点击“申请退款”。", "channels": ["web"]}
{"id": "delivery", "question": "几天能送到", "answer": "一般三天内送到。", "channels": ["web"]}
"#;

#[test]
fn the_official_client_is_served() {
    let Some(python) = std::env::var_os("YINGDA_TEST_PYTHON") else {
        println!("skipped: YINGDA_TEST_PYTHON does not name a Python that has tests/requirements.txt");
        return;
    };
    let service = Service::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openai_client.py");
    let status = Command::new(python).arg(script).env("YINGDA_URL", &service.url).status().unwrap();
    assert!(status.success(), "the client ended with {status}");
}

/// A running binary; ends with the value.
struct Service {
    process: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let knowledge = folder.path().join("knowledge.jsonl");
        std::fs::write(&knowledge, KNOWLEDGE).unwrap();
        let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../inference/tests/parity/static-st");
        let mut process = Command::new(env!("CARGO_BIN_EXE_yingda"))
            .args(["-o", "json", "serve", "--address", "127.0.0.1:0", "--knowledge"])
            .arg(&knowledge)
            .env("YINGDA_MODEL__NAME", model)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut announced = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut announced).unwrap();
        let announced: serde_json::Value = serde_json::from_str(&announced).unwrap();
        let url = announced["url"].as_str().unwrap().to_owned();
        Self { process, url, _folder: folder }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
