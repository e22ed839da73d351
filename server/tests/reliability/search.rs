//! Whether the search for clear text can find at all.

use std::{collections::BTreeSet, fs, path::PathBuf};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

use crate::clear_text::{Search, forms};

#[test]
fn every_form_of_a_text_is_found_wherever_it_stands() {
    for text in ["鵸鵌氏00017", "19904000017", "kanarie-17@example.org"] {
        let search = Search::new([String::from(text), String::from("something else")]);
        let found_as = |content: &[u8], form: &str| {
            search.within(content).iter().any(|found| found.text == text && found.form == form)
        };
        for before in ["", "a", "ab", "abc"] {
            let around = format!("{before}{text}, and more");
            assert!(found_as(around.as_bytes(), "UTF-8"));
            assert!(!search.within(STANDARD_NO_PAD.encode(&around).as_bytes()).is_empty(), "{before:?}");
            assert!(!search.within(URL_SAFE_NO_PAD.encode(&around).as_bytes()).is_empty(), "{before:?}");
            let hexadecimal: String = around.bytes().map(|byte| format!("{byte:02x}")).collect();
            assert!(found_as(hexadecimal.as_bytes(), "hexadecimal"));
            assert!(!search.within(hexadecimal.to_uppercase().as_bytes()).is_empty());
            let wide: Vec<u8> = around.encode_utf16().flat_map(u16::to_be_bytes).collect();
            assert!(found_as(&wide, "UTF-16, big end first"));
            let wide: Vec<u8> = around.encode_utf16().flat_map(u16::to_le_bytes).collect();
            assert!(found_as(&wide, "UTF-16, little end first"));
            assert!(found_as(STANDARD_NO_PAD.encode(&wide).as_bytes(), "base64 of UTF-16"));
        }
        assert!(search.within("something other".as_bytes()).is_empty());
    }
    let search = Search::new([String::from("鵸鵌氏00017")]);
    assert_eq!(search.within(br#"{"a":"\u9d78\u9d4c\u6c0f00017"}"#).len(), 1);
    assert_eq!(search.within(b"/%E9%B5%B8%E9%B5%8C%E6%B0%8F00017").len(), 1);
}

#[test]
fn a_text_planted_in_a_folder_in_any_form_is_found_and_its_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    fs::create_dir_all(&inner).unwrap();
    let text = "鵸鵌氏00017";
    let search = Search::new([String::from(text)]);
    for (number, (_, pattern)) in forms(text).into_iter().enumerate() {
        let around = [&vec![0; 5000][..], &pattern, &[255; 3]].concat();
        fs::write(inner.join(number.to_string()), around).unwrap();
    }
    fs::write(folder.path().join(format!("{text}.txt")), "").unwrap();
    let searched = search.within_folder(folder.path());
    let files: BTreeSet<&PathBuf> = searched.found.iter().map(|(path, _)| path).collect();
    assert_eq!(files.len(), forms(text).len() + 1, "{:?}", searched.found);
    assert_eq!(searched.files.len(), files.len());
}
