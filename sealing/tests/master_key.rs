//! Where a master key may come from, and what is refused.

#![cfg(test)]
#![cfg(unix)]

use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use sealing::{Error, MasterKey, MasterKeySource};
use tempfile::TempDir;

fn file(folder: &TempDir, text: &[u8], mode: u32) -> PathBuf {
    let path = folder.path().join("master.key");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn reason(source: &MasterKeySource) -> String {
    let Error::MasterKey { reason, .. } = source.load().unwrap_err() else { panic!("another error") };
    reason
}

fn command(words: &[&str]) -> MasterKeySource {
    MasterKeySource::Command(words.iter().map(OsString::from).collect())
}

#[test]
fn a_created_file_is_read_again_and_never_overwritten() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("master.key");
    let key = MasterKey::generate().unwrap();
    key.create_file(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o400);
    assert_eq!(MasterKeySource::File(path.clone()).load().unwrap().id(), key.id());
    let again = MasterKey::generate().unwrap().create_file(&path);
    assert!(matches!(again, Err(Error::File { action: "create", .. })));
    assert_eq!(MasterKeySource::File(path).load().unwrap().id(), key.id());
}

#[test]
fn only_its_owner_may_read_the_file() {
    let folder = TempDir::new().unwrap();
    let key = MasterKey::generate().unwrap().to_base64();
    for mode in 0..=0o777 {
        let source = MasterKeySource::File(file(&folder, key.as_bytes(), mode));
        // The file stays readable for a test that runs as root, whatever its mode.
        let loaded = source.load();
        assert_eq!(loaded.is_ok(), [0o400, 0o600].contains(&mode), "{mode:04o}");
        fs::remove_file(folder.path().join("master.key")).unwrap();
    }
    let open = MasterKeySource::File(file(&folder, key.as_bytes(), 0o644));
    assert_eq!(reason(&open), "its mode is 0644, it must be 0400 or 0600: others may read it");
}

#[test]
fn a_file_that_holds_no_key_is_refused_with_its_name() {
    let folder = TempDir::new().unwrap();
    let path = file(&folder, b"c2hvcnQ=", 0o600);
    let message = MasterKeySource::File(path.clone()).load().unwrap_err().to_string();
    let expected = "it decodes to 5 bytes, a key has 32";
    assert_eq!(message, format!("master key from the file {}: {expected}", path.display()));
    let long = MasterKeySource::File(file(&folder, &[b'a'; 5_000], 0o600));
    assert_eq!(reason(&long), "holds 4096 bytes or more: that is not a key");
    let missing = MasterKeySource::File(folder.path().join("nowhere"));
    assert!(reason(&missing).starts_with("cannot be opened: "));
    assert_eq!(reason(&MasterKeySource::File(folder.path().to_owned())), "is not a file");
}

#[test]
fn a_command_prints_the_key() {
    let key = MasterKey::generate().unwrap();
    let text = key.to_base64();
    assert_eq!(command(&["printf", "%s\\n", &text]).load().unwrap().id(), key.id());
}

#[test]
fn a_command_that_fails_or_prints_something_else_is_refused_and_its_arguments_are_not_shown() {
    let message = |words: &[&str]| command(words).load().unwrap_err().to_string();
    let text = MasterKey::generate().unwrap().to_base64();
    let failing = format!("echo {}; exit 3", text.as_str());
    let failed = message(&["sh", "-c", &failing]);
    assert_eq!(failed, "master key from the command \"sh\": ended with exit status: 3");
    assert_eq!(message(&["true"]), "master key from the command \"true\": it is empty");
    let missing = message(&["/nowhere/kms-client", "--password", "hunter2"]);
    assert!(missing.contains("cannot be started") && !missing.contains("hunter2"), "{missing}");
    assert_eq!(message(&[]), "master key from the command \"\": no program is given");
}
