//! Labelled sets, from disk to report.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail the test")]

mod loading;
mod reporting;

use std::{fs, path::PathBuf};

use tempfile::TempDir;

/// A folder with files of these names and texts.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// The project's own file of this path.
fn own(relative: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(relative)
}

const KNOWLEDGE: &str = r#"{"id":"refund","question":"怎么退款","similar":["退钱","钱能退吗","不要了退我钱"],"answer":"七天内可退。"}
{"id":"invoice","question":"怎么开发票","similar":["开票"],"answer":"在订单里申请。"}
"#;

const AUTHORED: &str = r#"{"type":"faq","id":"refund","category":"售后","question":"怎么退款","answer":"七天内可退。","similar":["一","二","三","四","五"],"question_en":"refund?","similar_en":["a"]}
{"type":"near_oos","text":"店开在哪条街"}
{"type":"far_oos","text":"讲个笑话"}
{"type":"dialogue","turns":[{"user":"退款"}],"gold":["refund"]}
"#;
