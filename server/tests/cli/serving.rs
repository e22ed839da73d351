//! `serve` and `demo`: an address is bound, announced, served, and given back on SIGTERM.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::sandbox::{Run, Sandbox};

/// A serving process, ended with the test.
pub(crate) struct Serving {
    child: Child,
    pub(crate) announced: Value,
}

impl Serving {
    /// Starts `run`, which must have been given `-o json`, and waits for its announcement.
    pub(crate) fn start(run: Run) -> Self {
        let mut child =
            run.command().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, announced }
    }

    fn get(&self, path: &str) -> String {
        self.exchange(&format!("GET {path}"), "", "")
    }

    /// The JSON that a JSON body gives.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        let body = body.to_string();
        let headers = format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len());
        let reply = self.exchange(&format!("POST {path}"), &headers, &body);
        let (_, json) = reply.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {reply}"))
    }

    /// The value of a number without labels in `/metrics`.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let metrics = self.get("/metrics");
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("no {name} in:\n{metrics}")).trim().parse().unwrap()
    }

    fn exchange(&self, target: &str, headers: &str, body: &str) -> String {
        let address =
            self.announced["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address).unwrap();
        write!(stream, "{target} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n{body}")
            .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    /// Sends SIGTERM and gives the exit code.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let killed = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Already gone after `terminate`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_demo_announces_its_address_and_examples_and_ends_on_a_signal() {
    let sandbox = Sandbox::new();
    let demo = Serving::start(sandbox.yingda_small(&["demo", "--address", "127.0.0.1:0", "-o", "json"]));
    assert!(demo.announced["examples"].as_array().unwrap().len() >= 3);
    assert!(demo.get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(demo.get("/").contains("<html"));
    assert_eq!(demo.terminate(), Some(0));
}

#[test]
fn own_knowledge_is_served() {
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", r#"{"id": "hours", "question": "几点开门", "answer": "九点"}"#);
    let arguments = ["serve", "--knowledge", "own.jsonl", "--address", "127.0.0.1:0", "-o", "json"];
    let serving = Serving::start(sandbox.yingda_small(&arguments));
    assert!(serving.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(serving.terminate(), Some(0));
}

#[test]
fn a_taken_address_exits_with_5() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let sandbox = Sandbox::new();
    sandbox.file("own.jsonl", r#"{"id": "hours", "question": "几点开门", "answer": "九点"}"#);
    for verb in [&["demo"][..], &["serve", "--knowledge", "own.jsonl"]] {
        let finished = sandbox.yingda_small(&[verb, &["--address", &address]].concat()).finish().expect(5);
        finished.complains_about(&["cannot serve on", &address, "caused by: "]);
    }
}

#[test]
fn serving_without_knowledge_exits_with_2_and_says_what_to_do() {
    let finished = Sandbox::new().yingda_small(&["serve"]).finish().expect(2);
    finished.complains_about(&["--knowledge", "knowledge.path", "yingda demo"]);
}
