//! The service as a process.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;

use crate::installation::{Installation, Masters};

/// A serving process. It is killed when this is dropped.
pub(crate) struct Service {
    child: Child,
    url: String,
    client: Client,
}

impl Service {
    /// Starts it at the log level `level` and waits for its announcement. Its log is added to the file `service.log`.
    pub(crate) fn start(installation: &Installation, masters: Masters, level: &str) -> Self {
        let log = File::options().create(true).append(true).open(installation.path("service.log")).unwrap();
        let run = installation.yingda(masters, &["serve", "--address", "127.0.0.1:0"]);
        let mut command = run.variable("YINGDA_LOG__LEVEL", level).command();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced: Value =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let url = announced["url"].as_str().unwrap().trim_end_matches('/').to_owned();
        Self { child, url, client: Client::builder().no_proxy().build().unwrap() }
    }

    /// The status and the body that came back; `None` when the connection broke.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Option<(StatusCode, Value)> {
        let response = self.client.post(format!("{}{path}", self.url)).json(body).send().await.ok()?;
        let status = response.status();
        let text = response.text().await.ok()?;
        Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
