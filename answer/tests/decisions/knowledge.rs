//! Reading, writing and checking entries.

use answer::{Error, FaqEntry, Severity, check_knowledge, read_knowledge, write_knowledge};
use time::macros::datetime;

use crate::harness::entry;

fn read(text: &str) -> answer::Result<Vec<FaqEntry>> {
    read_knowledge(text.as_bytes(), "knowledge.jsonl")
}

#[test]
fn a_full_record_is_read() {
    let line = r#"{"id":"a","question":"怎么退款","similar":["退钱"],"negative":["退货"],"answer":"七天内可退","category":"售后",
        "tags":["钱"],"enabled":false,"valid_from":"2026-01-01T00:00:00Z","valid_until":"2026-02-01T00:00:00+08:00","channels":["web"]}"#
        .replace('\n', "");
    let entries = read(&line).unwrap();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(entry.answers, ["七天内可退"]);
    assert_eq!(entry.valid_from, Some(datetime!(2026-01-01 00:00 UTC)));
    assert_eq!(entry.valid_until, Some(datetime!(2026-01-31 16:00 UTC)));
    assert!(!entry.enabled);
}

#[test]
fn only_id_and_question_are_required() {
    let entries = read("\u{feff}{\"id\":\"a\",\"question\":\"怎么退款\"}\r\n\n").unwrap();
    assert_eq!(entries, [FaqEntry::new("a", "怎么退款")]);
}

#[test]
fn what_is_written_is_read_back_unchanged() {
    let mut entries = vec![entry("a", "怎么退款", &["退钱"]), entry("b", "发票 \"专票\"\n换行", &[])];
    entries[0].answers.push("第二个答案".to_owned());
    entries[1].valid_from = Some(datetime!(2026-01-01 8:30:01 +8));
    let mut bytes = Vec::new();
    write_knowledge(&mut bytes, &entries).unwrap();
    assert_eq!(read_knowledge(bytes.as_slice(), "written").unwrap(), entries);
}

#[test]
fn a_broken_line_is_named() {
    let good = r#"{"id":"a","question":"怎么退款"}"#;
    for (broken, reason) in [
        (r#"{"id":"b","question":"#, "EOF"),
        (r#"{"id":"b"}"#, "question"),
        (r#"{"id":"b","question":"x","simlar":[]}"#, "simlar"),
        (r#"{"id":"b","question":7}"#, "string"),
        (r#"{"id":"b","question":"x","valid_from":"yesterday"}"#, ""),
    ] {
        match read(&format!("{good}\n\n{broken}\n")) {
            Err(Error::Record { source_name, line, reason: found }) => {
                assert_eq!((source_name.as_str(), line), ("knowledge.jsonl", 3));
                assert!(found.contains(reason), "{broken}: {found}");
            }
            other => panic!("{broken}: {other:?}"),
        }
    }
}

#[test]
fn invalid_utf8_is_named_with_its_line() {
    let mut bytes = b"{\"id\":\"a\",\"question\":\"x\"}\n{\"id\":\"".to_vec();
    bytes.extend([0xff, 0xfe]);
    match read_knowledge(bytes.as_slice(), "k") {
        Err(Error::Record { line: 2, reason, .. }) => assert!(reason.contains("UTF-8"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn findings_name_the_entry_and_the_reason() {
    let mut entries = vec![
        entry("a", "怎么退款", &["退钱"]),
        entry("a", "怎么退货", &["退 钱"]),
        entry("c", "？？", &[]),
        FaqEntry::new("d", "没有答案"),
        entry("e", "有效期", &[]),
    ];
    entries[4].valid_from = Some(datetime!(2026-02-01 0:00 UTC));
    entries[4].valid_until = Some(datetime!(2026-01-01 0:00 UTC));
    let found: Vec<(usize, Severity, String)> = check_knowledge(&entries)
        .into_iter()
        .map(|finding| (finding.position, finding.severity, finding.message))
        .collect();
    let expected = [
        (1, Severity::Error, "id is already used by entry 1"),
        (1, Severity::Warning, "also stands under entry a"),
        (2, Severity::Error, "no letter or digit"),
        (3, Severity::Error, "no answer"),
        (4, Severity::Error, "valid_until"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((position, severity, message), (at, level, text)) in found.iter().zip(expected) {
        assert_eq!((position, severity), (&at, &level));
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn sound_entries_have_no_findings() {
    assert_eq!(check_knowledge(&[entry("a", "怎么退款", &["退钱"]), entry("b", "发票", &[])]), []);
    assert_eq!(check_knowledge(&[]), []);
}
