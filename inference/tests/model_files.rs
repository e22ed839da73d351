//! Model folders, sound and damaged: each error names the file and says what is wrong.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use inference::{Error, Manifest, ManifestFile, ModelFiles};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Over the size up to which files are hashed at opening.
const LARGE: usize = (1 << 20) + 10;

/// A folder with a manifest: two small files, one of them in a subfolder, and a large one.
fn sound_folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("1_Pooling")).unwrap();
    fs::write(folder.path().join("config.json"), r#"{"hidden_size": 4}"#).unwrap();
    fs::write(folder.path().join("1_Pooling/config.json"), "{}").unwrap();
    fs::write(folder.path().join("model.safetensors"), vec![7; LARGE]).unwrap();
    Manifest::create(folder.path(), "small", 4, "Apache-2.0").unwrap().write(folder.path()).unwrap();
    folder
}

/// Asserts that `result` blames `file` and gives a reason that contains `reason`.
#[track_caller]
fn assert_blames<T>(result: Result<T, Error>, file: &Path, reason: &str) {
    match result {
        Err(Error::ModelFile { path, reason: found }) => {
            assert_eq!(path, file);
            assert!(found.contains(reason), "{found:?} does not say {reason:?}");
        }
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("accepted, expected {reason:?}"),
    }
}

/// Changes the manifest's JSON; `repair` makes its fingerprint right again.
fn edit_manifest(folder: &Path, repair: bool, edit: impl FnOnce(&mut Value)) -> PathBuf {
    let path = folder.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edit(&mut manifest);
    if repair {
        let files: Vec<ManifestFile> = serde_json::from_value(manifest["files"].clone()).unwrap();
        manifest["fingerprint"] = Manifest::fingerprint_of(&files).into();
    }
    fs::write(&path, manifest.to_string()).unwrap();
    path
}

#[test]
fn a_sound_folder_opens_and_reads() {
    let folder = sound_folder();
    let files = ModelFiles::open(folder.path()).unwrap();
    files.verify().unwrap();
    assert_eq!(files.folder(), folder.path());
    assert_eq!(files.read("config.json").unwrap(), br#"{"hidden_size": 4}"#);
    assert_eq!(files.read("model.safetensors").unwrap().len(), LARGE);
    assert!(files.has("1_Pooling/config.json"));
    assert!(!files.has("manifest.json"));
    let manifest = files.manifest();
    assert_eq!(
        (manifest.name.as_str(), manifest.dimension, manifest.licence.as_str()),
        ("small", 4, "Apache-2.0")
    );
    let paths: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["1_Pooling/config.json", "config.json", "model.safetensors"]);
}

#[test]
fn the_fingerprint_follows_its_definition() {
    // Python: hashlib.sha256(b"a.json\0" + b"0" * 64 + b"\n" + b"b.json\0" + b"1" * 64 + b"\n").hexdigest()
    let expected = "1debdf2e8e6cfded2d51d30fffc3d17ee6761f66f02a3ffb099602e1af5ef4bc";
    let file =
        |path: &str, digit: &str| ManifestFile { path: path.into(), bytes: 1, sha256: digit.repeat(64) };
    assert_eq!(Manifest::fingerprint_of(&[file("a.json", "0"), file("b.json", "1")]), expected);
    assert_eq!(Manifest::fingerprint_of(&[file("b.json", "1"), file("a.json", "0")]), expected);
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("config.json"), "abc").unwrap();
    assert_eq!(Manifest::create(folder.path(), "abc", 1, "MIT").unwrap().files[0].sha256, abc);
}

#[test]
fn a_missing_folder_or_manifest_is_named() {
    let folder = sound_folder();
    let absent = folder.path().join("absent");
    assert_blames(ModelFiles::open(&absent), &absent, "missing");
    assert_blames(ModelFiles::unverified(&absent), &absent, "missing");
    let file = folder.path().join("config.json");
    assert_blames(ModelFiles::open(&file), &file, "is not a folder");
    let manifest = folder.path().join("manifest.json");
    fs::remove_file(&manifest).unwrap();
    assert_blames(ModelFiles::open(folder.path()), &manifest, "missing");
}

#[test]
fn a_missing_file_is_refused() {
    for name in ["config.json", "1_Pooling/config.json", "model.safetensors"] {
        let folder = sound_folder();
        let path = folder.path().join(name);
        fs::remove_file(&path).unwrap();
        assert_blames(ModelFiles::open(folder.path()), &path, "missing");
        fs::create_dir(&path).unwrap();
        assert_blames(ModelFiles::open(folder.path()), &path, "is not a file");
    }
}

#[test]
fn a_truncated_or_longer_file_is_refused() {
    let folder = sound_folder();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, vec![7; LARGE - 1]).unwrap();
    let reason = format!("truncated: expected {LARGE} bytes, found {}", LARGE - 1);
    assert_blames(ModelFiles::open(folder.path()), &path, &reason);
    fs::write(&path, vec![7; LARGE + 3]).unwrap();
    let reason = format!("longer than described: expected {LARGE} bytes, found {}", LARGE + 3);
    assert_blames(ModelFiles::open(folder.path()), &path, &reason);
}

#[test]
fn an_altered_small_file_is_refused_at_opening() {
    let folder = sound_folder();
    let path = folder.path().join("config.json");
    fs::write(&path, r#"{"hidden_size": 5}"#).unwrap();
    assert_blames(ModelFiles::open(folder.path()), &path, "altered: its sha256 is");
}

#[test]
fn an_altered_large_file_is_refused_when_read_or_verified() {
    let folder = sound_folder();
    let path = folder.path().join("model.safetensors");
    let mut contents = vec![7; LARGE];
    contents[LARGE / 2] = 8;
    fs::write(&path, contents).unwrap();
    let files = ModelFiles::open(folder.path()).unwrap();
    assert_blames(files.read("model.safetensors"), &path, "altered: its sha256 is");
    assert_blames(files.verify(), &path, "altered: its sha256 is");
}

#[test]
fn a_file_changed_after_opening_is_refused() {
    let folder = sound_folder();
    let files = ModelFiles::open(folder.path()).unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, "{}").unwrap();
    assert_blames(files.read("config.json"), &path, "truncated");
    fs::remove_file(&path).unwrap();
    assert_blames(files.read("config.json"), &path, "missing");
    assert_blames(files.verify(), &path, "missing");
}

#[test]
fn a_file_that_is_not_described_cannot_be_read() {
    let folder = sound_folder();
    fs::write(folder.path().join("modules.json"), "[]").unwrap();
    let files = ModelFiles::open(folder.path()).unwrap();
    assert!(!files.has("modules.json"));
    for name in ["modules.json", "../config.json", "manifest.json", ""] {
        assert_blames(files.read(name), &folder.path().join(name), "not described by the manifest");
    }
}

#[test]
fn a_malformed_manifest_is_refused() {
    let folder = sound_folder();
    let path = folder.path().join("manifest.json");
    let sound = fs::read(&path).unwrap();
    for (contents, reason) in [
        (&b""[..], "malformed: EOF"),
        (b"{\"name\": ", "malformed: EOF"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "malformed"),
    ] {
        fs::write(&path, contents).unwrap();
        assert_blames(ModelFiles::open(folder.path()), &path, reason);
    }
    type Edit = fn(&mut Value);
    let edits: [(Edit, &str); 8] = [
        (|manifest| manifest["colour"] = json!("red"), "unknown field `colour`"),
        (|manifest| manifest["files"][0]["mode"] = json!(1), "unknown field `mode`"),
        (|manifest| manifest["licence"] = json!(null), "malformed"),
        (|manifest| manifest["files"][0]["bytes"] = json!(-1), "malformed"),
        (|manifest| manifest["name"] = json!(" "), "name is empty"),
        (|manifest| manifest["dimension"] = json!(0), "dimension must be at least 1"),
        (|manifest| manifest["files"] = json!([]), "lists no files"),
        (
            |manifest| manifest["files"][0]["sha256"] = json!("AB".repeat(32)),
            "is not 64 lower-case hexadecimal digits",
        ),
    ];
    for (edit, reason) in edits {
        fs::write(&path, &sound).unwrap();
        edit_manifest(folder.path(), false, edit);
        assert_blames(ModelFiles::open(folder.path()), &path, reason);
    }
}

#[test]
fn a_fingerprint_of_other_files_is_refused() {
    let folder = sound_folder();
    let path =
        edit_manifest(folder.path(), false, |manifest| manifest["fingerprint"] = "0".repeat(64).into());
    assert_blames(ModelFiles::open(folder.path()), &path, "its fingerprint is 000");
}

#[test]
fn a_path_that_leaves_the_folder_is_refused() {
    let leaving = [
        "/etc/passwd",
        "../config.json",
        "1_Pooling/../../x",
        "./config.json",
        "a//b",
        "a/",
        "",
        "c:\\x",
        "..\\x",
    ];
    for name in leaving {
        let folder = sound_folder();
        let path = edit_manifest(folder.path(), true, |manifest| manifest["files"][0]["path"] = name.into());
        assert_blames(ModelFiles::open(folder.path()), &path, "is not a plain path inside the folder");
    }
    let folder = sound_folder();
    let path =
        edit_manifest(folder.path(), true, |manifest| manifest["files"][0]["path"] = "config.json".into());
    assert_blames(ModelFiles::open(folder.path()), &path, "lists \"config.json\" twice");
}

#[test]
fn a_folder_without_a_manifest_opens_unverified() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("all-MiniLM-L6-v2");
    fs::create_dir_all(folder.join("onnx")).unwrap();
    fs::create_dir(folder.join(".git")).unwrap();
    for name in
        ["config.json", "vocab.txt", "model.safetensors", "README.md", "onnx/model.onnx", ".git/index.json"]
    {
        fs::write(folder.join(name), name).unwrap();
    }
    let files = ModelFiles::unverified(&folder).unwrap();
    let manifest = files.manifest();
    assert_eq!((manifest.name.as_str(), manifest.dimension), ("all-MiniLM-L6-v2", 0));
    assert_eq!(manifest.licence, "unknown");
    let paths: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["config.json", "model.safetensors", "vocab.txt"]);
    assert_eq!(files.read("vocab.txt").unwrap(), b"vocab.txt");

    let fingerprint = manifest.fingerprint.clone();
    fs::write(folder.join("README.md"), "a new card").unwrap();
    assert_eq!(ModelFiles::unverified(&folder).unwrap().manifest().fingerprint, fingerprint);
    fs::write(folder.join("config.json"), "other").unwrap();
    assert_ne!(ModelFiles::unverified(&folder).unwrap().manifest().fingerprint, fingerprint);
    assert_blames(files.read("config.json"), &folder.join("config.json"), "truncated");
}

#[cfg(unix)]
#[test]
fn links_to_files_are_followed() {
    // The layout of a hub cache: a snapshot folder of links to blobs.
    let parent = tempfile::tempdir().unwrap();
    fs::write(parent.path().join("blob"), "abc").unwrap();
    let snapshot = parent.path().join("snapshot");
    fs::create_dir(&snapshot).unwrap();
    std::os::unix::fs::symlink("../blob", snapshot.join("config.json")).unwrap();
    std::os::unix::fs::symlink("..", snapshot.join("loop")).unwrap();
    let files = ModelFiles::unverified(&snapshot).unwrap();
    assert_eq!(files.read("config.json").unwrap(), b"abc");

    std::os::unix::fs::symlink("../absent", snapshot.join("modules.json")).unwrap();
    assert_blames(ModelFiles::unverified(&snapshot), &snapshot.join("modules.json"), "missing");
}

#[test]
fn a_manifest_of_nothing_is_not_created() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("README.md"), "nothing here").unwrap();
    assert_blames(Manifest::create(folder.path(), "empty", 4, "MIT"), folder.path(), "holds no model files");
    assert_blames(ModelFiles::unverified(folder.path()), folder.path(), "holds no model files");
    let sound = sound_folder();
    for (name, dimension, option) in [("", 4, "name"), ("small", 0, "dimension")] {
        let refused = Manifest::create(sound.path(), name, dimension, "MIT");
        assert!(matches!(refused, Err(Error::InvalidOption { name, .. }) if name == option));
    }
}

#[test]
fn a_manifest_that_cannot_be_written_is_named() {
    let folder = sound_folder();
    let manifest = Manifest::read(folder.path()).unwrap();
    let absent = folder.path().join("absent");
    assert_blames(manifest.write(&absent), &absent.join("manifest.json"), "cannot be written");
}
