//! People who write to a served shop, as the tests of their rights need them.

use std::fs;

use serde_json::{Value, json};

use crate::{
    sandbox::{Run, Sandbox},
    serving::Serving,
};

/// What somebody says.
pub(crate) const SAID: &str = "我叫鵸鵌氏，怎么退款";

const SHOP: &str = concat!(
    r#"{"id": "hours", "question": "几点开门", "similar": ["什么时候营业"], "answer": "九点"}"#,
    "\n",
    r#"{"id": "refund", "question": "怎么退款", "answer": "在订单页"}"#,
    "\n",
);

pub(crate) fn json_of(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    sandbox.yingda_small(&[arguments, &["-o", "json"]].concat()).finish().expect(0).json()
}

/// A store with knowledge and keys.
pub(crate) fn init(sandbox: &Sandbox) {
    sandbox.file("shop.jsonl", SHOP);
    json_of(sandbox, &["kb", "import", "shop.jsonl"]);
    json_of(sandbox, &["keys", "init"]);
}

pub(crate) fn serve(sandbox: &Sandbox) -> Run {
    sandbox.yingda_small(&["serve", "--address", "127.0.0.1:0", "-o", "json"])
}

/// A message of a person, in the one conversation that it has.
pub(crate) fn ask(serving: &Serving, openid: &str, message: usize, text: &str) -> Value {
    let number: usize = openid.trim_start_matches("openid-").parse().unwrap();
    serving.post(
        "/v1/ask",
        &json!({
            "text": text, "channel": "web", "contact_id": openid, "message_id": message.to_string(),
            "conversation_id": conversation(number),
        }),
    )
}

pub(crate) fn conversation(number: usize) -> String {
    format!("018f0000-0000-7000-8000-{number:012}")
}

/// The contact's id.
pub(crate) fn contact(sandbox: &Sandbox, openid: &str) -> String {
    let found = json_of(sandbox, &["contacts", "find", openid, "--channel", "web"]);
    found["contact"].as_str().unwrap().to_owned()
}

/// The files of the folder of the store, by name.
pub(crate) fn data(sandbox: &Sandbox) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(sandbox.path("data"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// With its write-ahead log, which a program that ended early leaves to the next.
pub(crate) fn remove_store(sandbox: &Sandbox) {
    for name in data(sandbox).iter().filter(|name| name.starts_with("yingda.db")) {
        fs::remove_file(sandbox.path("data").join(name)).unwrap();
    }
}
