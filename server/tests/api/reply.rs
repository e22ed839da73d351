//! What came back, and what a test may expect of it.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// Null when the text is not JSON.
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        Self { status, headers, text, body }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn expect_ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text);
        self
    }

    pub(crate) fn expect_answer(self, entry_id: &str) -> Self {
        let reply = self.expect_decision("answer");
        assert_eq!(reply.body["entry_id"], entry_id, "{}", reply.text);
        reply
    }

    pub(crate) fn expect_clarify(self, entry_ids: &[&str]) -> Self {
        let reply = self.expect_decision("clarify");
        let options = reply.body["options"].as_array().unwrap();
        let mut offered: Vec<&str> =
            options.iter().map(|option| option["entry_id"].as_str().unwrap()).collect();
        offered.sort_unstable();
        assert_eq!(offered, entry_ids, "{}", reply.text);
        reply
    }

    /// Neither answers with this entry nor offers it.
    pub(crate) fn expect_without(&self, entry_id: &str) -> &Self {
        assert_ne!(self.body["entry_id"], entry_id, "{}", self.text);
        assert!(!self.text.contains(&format!("\"entry_id\":\"{entry_id}\"")), "{}", self.text);
        self
    }

    pub(crate) fn expect_hand_off(self, reason: &str) -> Self {
        let reply = self.expect_decision("handoff");
        assert_eq!(reply.body["reason"], reason, "{}", reply.text);
        reply
    }

    fn expect_decision(self, decision: &str) -> Self {
        let reply = self.expect_ok();
        assert_eq!(reply.body["decision"], decision, "{}", reply.text);
        reply
    }

    /// `{code, message, details}` and nothing else.
    pub(crate) fn expect_error(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.body["code"], code, "{}", self.text);
        assert!(self.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.text);
        let mut names: Vec<&String> = self.body.as_object().unwrap().keys().collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "details", "message"]);
        self
    }

    /// OpenAI's shape.
    pub(crate) fn expect_compatible_error(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        let error = &self.body["error"];
        assert_eq!(error["code"], code, "{}", self.text);
        let kind = if status >= 500 { "server_error" } else { "invalid_request_error" };
        assert_eq!(error["type"], kind, "{}", self.text);
        assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{}", self.text);
        assert_eq!(self.body.as_object().unwrap().len(), 1, "{}", self.text);
        self
    }

    pub(crate) fn message(&self) -> &str {
        self.body["message"].as_str().or_else(|| self.body["error"]["message"].as_str()).unwrap()
    }
}
