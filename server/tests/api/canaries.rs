//! What customers say and who they are is looked for in everything that the service leaves behind.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use futures::future::join_all;
use serde_json::json;
use server::Storage;
use uuid::Uuid;

use crate::harness::{TestApp, logged};

/// Everything personal in this test holds one of these, which stand nowhere else.
const MARKS: [&str; 3] = ["鵸鵌氏", "19904170", "canary-openid-"];

/// A text that the store keeps in clear: the matched phrasing of a decision. Found, or the search is blind.
const IN_CLEAR: &str = "怎么退款";

const PEOPLE: usize = 300;

/// The ways in which a text may stand in a file.
fn forms(text: &str) -> Vec<Vec<u8>> {
    let utf8 = text.as_bytes().to_vec();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let hexadecimal: String = utf8.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![hexadecimal.to_uppercase().into_bytes(), hexadecimal.into_bytes()];
    for bytes in [&utf8, &little] {
        forms.extend((0..3).map(|shift| base64_within(bytes, shift)));
    }
    forms.extend([utf8, little, big]);
    forms
}

/// The characters of base64 that depend on `bytes` alone when `shift` bytes stand before them.
fn base64_within(bytes: &[u8], shift: usize) -> Vec<u8> {
    let encoded = STANDARD_NO_PAD.encode([&vec![0; shift][..], bytes].concat()).into_bytes();
    let end = (shift + bytes.len()) / 3 * 4;
    encoded[shift.div_ceil(3) * 4..end].to_vec()
}

/// The forms of `text` that stand in `content`.
fn found<'a>(content: &[u8], forms: &'a [Vec<u8>]) -> Vec<&'a Vec<u8>> {
    forms.iter().filter(|form| content.windows(form.len()).any(|window| window == form.as_slice())).collect()
}

/// Everything in the folder, by file name; at least the database and its log.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files: Vec<_> = folder
        .read_dir()
        .unwrap()
        .map(|file| {
            let path = file.unwrap().path();
            (path.display().to_string(), std::fs::read(&path).unwrap())
        })
        .collect();
    assert!(files.iter().any(|(name, _)| name.ends_with("-wal")), "the log is among the files");
    files
}

#[test]
fn every_form_of_a_text_is_found_where_it_stands() {
    for text in MARKS {
        for before in ["", "a", "ab", "abc"] {
            let around = format!("{before}{text}, and more");
            let base64 = STANDARD_NO_PAD.encode(&around).into_bytes();
            assert!(!found(&base64, &forms(text)).is_empty(), "{text} after {before:?} in base64");
            assert!(!found(around.as_bytes(), &forms(text)).is_empty());
            let hexadecimal: String = around.bytes().map(|byte| format!("{byte:02X}")).collect();
            assert!(!found(hexadecimal.as_bytes(), &forms(text)).is_empty());
            let wide: Vec<u8> = around.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert!(!found(&wide, &forms(text)).is_empty());
        }
    }
}

#[tokio::test]
async fn nothing_personal_is_in_files_or_logs() {
    let (storage, folder) = Storage::temporary().await.unwrap();
    let app = TestApp::recording(&storage).await;
    let questions = (0..PEOPLE).map(|number| {
        let text = format!("我是{}{number}，手机{}{number:03}，怎么退款", MARKS[0], MARKS[1]);
        let contact = format!("{}{number}-{}{number:03}", MARKS[2], MARKS[1]);
        json!({
            "text": text, "contact_id": contact, "message_id": number.to_string(), "explain": true,
            "conversation_id": Uuid::now_v7().to_string(),
        })
    });
    let questions: Vec<_> = questions.collect();
    for some in questions.chunks(20) {
        // Twice: a repeat goes another way.
        for _ in 0..2 {
            let asked = some.iter().map(|question| app.post("/v1/ask", question));
            join_all(asked).await.into_iter().for_each(|reply| drop(reply.expect_ok()));
        }
    }
    let mut wrong = questions[0].clone();
    wrong["text"] = format!("{}说了别的", MARKS[0]).into();
    app.post("/v1/ask", &wrong).await.expect_error(409, "conflict");
    wrong["conversation_id"] = MARKS[1].into();
    app.post("/v1/ask", &wrong).await.expect_error(422, "invalid_field");

    let mut places = files(folder.path());
    let stored: usize = places.iter().map(|(_, content)| content.len()).sum();
    assert!(stored > PEOPLE * 500, "only {stored} bytes are stored");
    assert!(places.iter().any(|(_, content)| !found(content, &forms(IN_CLEAR)).is_empty()));
    places.push((String::from("the log"), logged().into_bytes()));
    for (name, content) in places {
        for mark in MARKS {
            let found = found(&content, &forms(mark)).len();
            assert_eq!(found, 0, "{mark} is in {name}");
        }
    }
}
