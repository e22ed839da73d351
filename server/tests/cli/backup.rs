//! A backup is one encrypted file, written while the service runs, and comes back whole or not at all.

use std::{fs, os::unix::fs::PermissionsExt as _};

use serde_json::{Value, json};

use crate::{
    people::{self, ask, data, init, json_of, remove_store, serve},
    sandbox::Sandbox,
    serving::Serving,
};

/// A private key's file, and its public key.
fn reader(sandbox: &Sandbox, name: &str) -> String {
    let identities = sealing::backup::Identities::generate();
    sandbox.file(name, identities.to_text().as_bytes());
    identities.recipients().to_string().trim().to_owned()
}

/// A store in which somebody has said something, and the public key of `backup.key`.
fn lived_in(sandbox: &Sandbox) -> String {
    init(sandbox);
    let serving = Serving::start(serve(sandbox));
    for number in 1..=3 {
        ask(&serving, &format!("openid-{number}"), number, people::SAID);
    }
    drop(serving);
    reader(sandbox, "backup.key")
}

fn restored(sandbox: &Sandbox, arguments: &[&str]) -> Value {
    let all = [&["restore", "all.age", "--identity", "backup.key"], arguments, &["-o", "json"]].concat();
    sandbox.yingda(&all).finish().expect(0).json()
}

#[test]
fn a_backup_that_was_written_while_customers_wrote_is_verified_and_restored() {
    let sandbox = Sandbox::new();
    let key = lived_in(&sandbox);
    let serving = Serving::start(serve(&sandbox));
    let written = std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            (10..40).for_each(|number| drop(ask(&serving, "openid-1", number, "还有")));
        });
        let written = json_of(&sandbox, &["backup", "all.age", "--recipient", &key]);
        writing.join().unwrap();
        written
    });
    drop(serving);
    assert!(written["rows"].as_u64().unwrap() > 30, "{written}");
    let mode = fs::metadata(sandbox.path("all.age")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let verified = json_of(&sandbox, &["backup", "verify", "all.age", "--identity", "backup.key"]);
    assert_eq!(verified, written);
    assert_eq!(sandbox.left_over(), 0, "nothing is left among temporary files");

    let first = people::contact(&sandbox, "openid-2");
    let export = json_of(&sandbox, &["contacts", "export", &first]);
    let refused = sandbox.yingda(&["restore", "all.age", "--identity", "backup.key"]).finish().expect(2);
    refused.complains_about(&["is there already"]);
    remove_store(&sandbox);
    assert_eq!(restored(&sandbox, &[])["restored"], written);
    assert_eq!(data(&sandbox), ["master.key", "yingda.db"]);
    let again = json_of(&sandbox, &["contacts", "export", &first]);
    assert_eq!(again["conversations"], export["conversations"]);
    assert!(again["conversations"].to_string().contains(people::SAID));
    let mode = fs::metadata(sandbox.path("data/yingda.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let repeated = ask(&Serving::start(serve(&sandbox)), "openid-2", 2, people::SAID);
    assert_eq!(repeated["conversation"]["repeated"], true, "{repeated}");
}

#[test]
fn a_truncated_or_altered_backup_is_refused_and_leaves_nothing() {
    let sandbox = Sandbox::new();
    let key = lived_in(&sandbox);
    json_of(&sandbox, &["backup", "all.age", "--recipient", &key]);
    let whole = fs::read(sandbox.path("all.age")).unwrap();
    remove_store(&sandbox);
    let refused = |bytes: &[u8], what: &str| {
        sandbox.file("bad.age", bytes);
        for verb in [&["backup", "verify", "bad.age"][..], &["restore", "bad.age"]] {
            let run = sandbox.yingda(&[verb, &["--identity", "backup.key"]].concat()).finish();
            assert_eq!(run.exit_code, 3, "{what}: {}", run.stderr);
            assert!(
                run.stderr.contains("cannot be opened") || run.stderr.contains("cannot be used"),
                "{}",
                run.stderr
            );
        }
        assert_eq!((data(&sandbox), sandbox.left_over()), (vec![String::from("master.key")], 0), "{what}");
    };
    let end = whole.len();
    for cut in [0, 1, 20, 100, 200, 210, 220, end / 2, end - 65_552, end - 17, end - 16, end - 1] {
        refused(&whole[..cut], &format!("cut at {cut} of {end}"));
    }
    for at in [0, 30, 120, 150, 199, 230, end / 3, end / 2, end - 20, end - 1] {
        let mut altered = whole.clone();
        altered[at] ^= 4;
        refused(&altered, &format!("altered at {at} of {end}"));
    }
    refused(&[whole.as_slice(), b"x"].concat(), "longer");
    refused(b"not a backup", "something else");
    reader(&sandbox, "other.key");
    let stranger = sandbox.yingda(&["restore", "all.age", "--identity", "other.key"]).finish().expect(3);
    stranger.complains_about(&["cannot be opened", "No matching keys"]);
    assert_eq!(data(&sandbox), ["master.key"]);
}

#[test]
fn nobody_and_nothing_is_backed_up_by_mistake() {
    let sandbox = Sandbox::new();
    sandbox.yingda(&["backup"]).finish().expect(2);
    sandbox.yingda(&["backup", "all.age"]).finish().expect(2).complains_about(&["backup.recipients"]);
    let key = reader(&sandbox, "backup.key");
    let none = sandbox.yingda(&["backup", "all.age", "--recipient", &key]).finish().expect(2);
    none.complains_about(&["no store"]);
    init(&sandbox);
    let secret = fs::read_to_string(sandbox.path("backup.key")).unwrap();
    let wrong = sandbox.yingda(&["backup", "all.age", "--recipient", secret.trim()]).finish().expect(2);
    assert!(
        wrong.stderr.contains("private key") && !wrong.stderr.contains(&secret[20..40]),
        "{}",
        wrong.stderr
    );
    sandbox.file("all.age", "precious");
    let taken = sandbox.yingda(&["backup", "all.age", "--recipient", &key]).finish().expect(2);
    taken.complains_about(&["is not overwritten"]);
    assert_eq!(fs::read(sandbox.path("all.age")).unwrap(), b"precious");
    let missing =
        sandbox.yingda(&["backup", "verify", "none.age", "--identity", "backup.key"]).finish().expect(3);
    missing.complains_about(&["none.age"]);
    let configured = sandbox.yingda(&["backup", "more.age"]).variable("YINGDA_BACKUP__RECIPIENTS", &key);
    configured.finish().expect(0);
    let names: Vec<_> =
        fs::read_dir(sandbox.path("")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with(".yingda")), "{names:?}");
}

#[test]
fn a_backup_whose_audit_log_was_broken_already_is_not_sound_and_is_restored_with_a_warning() {
    let sandbox = Sandbox::new();
    let key = lived_in(&sandbox);
    json_of(&sandbox, &["backup", "before.age", "--recipient", &key]);
    let database = rusqlite::Connection::open(sandbox.path("data/yingda.db")).unwrap();
    database.execute_batch("UPDATE audit_entries SET actor = 'nobody' WHERE sequence = 1").unwrap();
    drop(database);
    json_of(&sandbox, &["backup", "all.age", "--recipient", &key]);
    let broken =
        sandbox.yingda(&["backup", "verify", "all.age", "--identity", "backup.key"]).finish().expect(3);
    broken.complains_about(&["the audit log in it is broken at entry 1"]);
    let contact = people::contact(&sandbox, "openid-2");
    remove_store(&sandbox);
    let run = sandbox.yingda(&["restore", "all.age", "--identity", "backup.key"]).finish().expect(0);
    run.complains_about(&["warning: the audit log was broken at entry 1 already"]);
    assert_eq!(people::contact(&sandbox, "openid-2"), contact);
    assert_eq!(sandbox.left_over(), 0, "nothing is left among temporary files");
}

#[test]
fn without_the_right_master_key_a_restored_store_does_not_start() {
    let sandbox = Sandbox::new();
    let key = lived_in(&sandbox);
    let written = json_of(&sandbox, &["backup", "all.age", "--recipient", &key]);
    remove_store(&sandbox);
    fs::rename(sandbox.path("data/master.key"), sandbox.path("kept.key")).unwrap();
    sandbox.file("data/master.key", "B".repeat(42) + "A=");
    fs::set_permissions(sandbox.path("data/master.key"), fs::Permissions::from_mode(0o400)).unwrap();
    let run = sandbox.yingda(&["restore", "all.age", "--identity", "backup.key"]).finish().expect(0);
    let master = written["master_keys"][0].as_str().unwrap().to_owned();
    run.complains_about(&["warning", &master]);
    sandbox.yingda_small(&["serve"]).finish().expect(6).complains_about(&["master key"]);
    let right = sandbox.yingda(&["keys", "status"]).variable("YINGDA_KEYS__MASTER", "file:kept.key");
    right.finish().expect(0);
}

#[test]
fn people_who_were_erased_since_are_erased_anew_when_an_old_backup_is_restored() {
    let sandbox = Sandbox::new();
    let key = lived_in(&sandbox);
    json_of(&sandbox, &["backup", "all.age", "--recipient", &key]);
    let (gone, stays) = (people::contact(&sandbox, "openid-1"), people::contact(&sandbox, "openid-2"));
    json_of(&sandbox, &["contacts", "erase", &gone, "--confirm", &gone]);
    let erased = sandbox.yingda(&["contacts", "erased"]).finish().expect(0).stdout;
    assert_eq!(erased.trim(), gone);
    sandbox.file("erased.txt", &erased);
    remove_store(&sandbox);
    assert_eq!(restored(&sandbox, &["--erased", "erased.txt"])["erased_again"], 1);
    sandbox.yingda(&["contacts", "export", &gone]).finish().expect(3);
    json_of(&sandbox, &["contacts", "export", &stays]);
    assert_eq!(json_of(&sandbox, &["contacts", "erased"]), json!([gone]));
}
