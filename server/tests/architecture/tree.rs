//! The project's files, as the architecture tests see them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The workspace's crates, each in the folder of its name.
pub(crate) const CRATES: [&str; 7] = ["inference", "index", "answer", "eval", "sealing", "store", "server"];

/// One Rust file.
pub(crate) struct SourceFile {
    /// Relative to the root, with forward slashes.
    pub(crate) path: String,
    /// Without line comments, so that prose may name anything.
    pub(crate) code: String,
    /// Lines, comments included.
    pub(crate) lines: usize,
}

impl SourceFile {
    /// Reads the file at `path`, relative to the root.
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        let code: Vec<&str> = text.lines().map(without_comment).collect();
        Self { path: path.to_owned(), code: code.join("\n"), lines: text.lines().count() }
    }

    /// `path:line: code` for every line that holds one of `words` as a whole word.
    pub(crate) fn lines_naming(&self, words: &[&str]) -> Vec<String> {
        let names = |line: &str| words_of(line).any(|word| words.contains(&word));
        let found = self.code.lines().enumerate().filter(|(_, line)| names(line));
        found.map(|(number, line)| format!("{}:{}: {}", self.path, number + 1, line.trim())).collect()
    }
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every Rust file of all crates.
pub(crate) fn rust_sources() -> Vec<SourceFile> {
    let mut paths = Vec::new();
    for name in CRATES {
        collect(&root().join(name), name, &mut paths);
    }
    paths.sort();
    paths.iter().map(|path| SourceFile::read(path)).collect()
}

/// The workspace crates that `name` depends on, tests excluded.
pub(crate) fn crate_dependencies(name: &str) -> Vec<String> {
    let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let dependencies = manifest["dependencies"].as_table().unwrap();
    dependencies.keys().filter(|key| CRATES.contains(&key.as_str())).cloned().collect()
}

fn collect(folder: &Path, relative: &str, paths: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{relative}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &name, paths);
        } else if name.ends_with(".rs") {
            paths.push(name);
        }
    }
}

/// Cuts at `//` unless it stands within a string, as in an address.
fn without_comment(line: &str) -> &str {
    let mut start = 0;
    while let Some(found) = line[start..].find("//") {
        let position = start + found;
        let quotes_before = line[..position].matches('"').count();
        if quotes_before.is_multiple_of(2) {
            return &line[..position];
        }
        start = position + 2;
    }
    line
}

fn words_of(line: &str) -> impl Iterator<Item = &str> {
    line.split(|character: char| !character.is_alphanumeric() && character != '_')
}
