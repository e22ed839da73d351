//! `manifest.json`: what a model folder holds. Written by whoever publishes a folder, read by
//! [`ModelFiles`](crate::ModelFiles); nobody else opens the file.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Result};

/// The manifest's own name inside a model folder.
pub(crate) const MANIFEST_NAME: &str = "manifest.json";

/// Endings of the files that decide a vector. Model cards, licences and weights in formats that this crate does not
/// read are left out of a created manifest, so that editing a card does not change the fingerprint.
const DESCRIBED_EXTENSIONS: [&str; 3] = ["json", "safetensors", "txt"];

/// What a model folder holds and which exact bytes. Values read by this crate are validated: see [`Manifest::read`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// For people and for `ModelInfo`, for example `yingda-static`.
    pub name: String,
    /// Values per vector before Matryoshka truncation; 1 for a cross-encoder, which gives one score; 0 only in [`Manifest::unverified`]: unknown until loaded.
    pub dimension: usize,
    /// SPDX identifier, or `unknown`.
    pub licence: String,
    /// The described files, each path once.
    pub files: Vec<ManifestFile>,
    /// [`Manifest::fingerprint_of`] the files: vectors of different fingerprints must not be compared.
    pub fingerprint: String,
}

/// One file of a model folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestFile {
    /// Relative to the folder, parts joined by `/`, never leaving it.
    pub path: String,
    /// Length.
    pub bytes: u64,
    /// Lower-case hexadecimal, 64 digits.
    pub sha256: String,
}

impl Manifest {
    /// Reads and validates `folder/manifest.json`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] naming the folder when it does not exist, else naming `manifest.json`: missing, not JSON,
    /// an unknown field, no files, a path that is absolute, leaves the folder or occurs twice, a malformed sha256, or
    /// a fingerprint that does not belong to the files.
    pub fn read(folder: &Path) -> Result<Self> {
        check_folder(folder)?;
        let path = folder.join(MANIFEST_NAME);
        let json = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        let manifest: Self = serde_json::from_slice(&json)
            .map_err(|error| Error::model_file(&path, format!("malformed: {error}")))?;
        manifest.check().map_err(|reason| Error::model_file(&path, reason))?;
        Ok(manifest)
    }

    /// Describes the files of `folder` that decide a vector: those ending in `.json`, `.safetensors` or `.txt`, also in
    /// subfolders. Hidden files and the manifest itself are left out. Links to files are followed (hub caches are made
    /// of them), links to folders are not. Hashes every described file.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when `dimension` is 0 or `name` is empty; [`Error::ModelFile`] when the folder does not
    /// exist, holds no such file, or a file cannot be read.
    pub fn create(folder: &Path, name: &str, dimension: usize, licence: &str) -> Result<Self> {
        if dimension == 0 {
            return Err(Error::InvalidOption { name: "dimension", reason: "must be at least 1".to_owned() });
        }
        if name.trim().is_empty() {
            return Err(Error::InvalidOption { name: "name", reason: "must not be empty".to_owned() });
        }
        Self::describe(folder, name, dimension, licence)
    }

    /// Describes a folder that came without a manifest: named after the folder, dimension 0, licence `unknown`, files
    /// as in [`Manifest::create`].
    ///
    /// # Errors
    /// [`Error::ModelFile`] as in [`Manifest::create`].
    pub fn unverified(folder: &Path) -> Result<Self> {
        check_folder(folder)?;
        let resolved = fs::canonicalize(folder).map_err(|error| unreadable(folder, &error))?;
        let name = resolved.file_name().map_or_else(|| "model".into(), |name| name.to_string_lossy());
        Self::describe(folder, &name, 0, "unknown")
    }

    /// Writes `folder/manifest.json`; a reader sees the old one or the new one, never a part.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let path = folder.join(MANIFEST_NAME);
        let unwritable =
            |error: &dyn std::error::Error| Error::model_file(&path, format!("cannot be written: {error}"));
        let mut json = serde_json::to_vec_pretty(self).map_err(|error| unwritable(&error))?;
        json.push(b'\n');
        let partial = folder.join(".manifest.json.partial");
        fs::write(&partial, json)
            .and_then(|()| fs::rename(&partial, &path))
            .map_err(|error| unwritable(&error))
    }

    /// Lower-case hexadecimal sha256 over the lines `path NUL sha256 LF` of `files`, sorted by path.
    #[must_use]
    pub fn fingerprint_of(files: &[ManifestFile]) -> String {
        let mut sorted: Vec<&ManifestFile> = files.iter().collect();
        sorted.sort_by(|left, right| left.path.cmp(&right.path));
        let mut hasher = Sha256::new();
        for file in sorted {
            hasher.update(format!("{}\0{}\n", file.path, file.sha256));
        }
        hexadecimal(&hasher.finalize())
    }

    /// The entry of `relative`, if it is described.
    pub(crate) fn file(&self, relative: &str) -> Option<&ManifestFile> {
        self.files.iter().find(|file| file.path == relative)
    }

    fn describe(folder: &Path, name: &str, dimension: usize, licence: &str) -> Result<Self> {
        check_folder(folder)?;
        let mut paths = Vec::new();
        collect_paths(folder, "", &mut paths)?;
        if paths.is_empty() {
            return Err(Error::model_file(folder, "holds no model files"));
        }
        paths.sort();
        let files = paths.into_iter().map(|path| describe_file(folder, path)).collect::<Result<Vec<_>>>()?;
        let fingerprint = Self::fingerprint_of(&files);
        Ok(Self { name: name.to_owned(), dimension, licence: licence.to_owned(), files, fingerprint })
    }

    fn check(&self) -> std::result::Result<(), String> {
        if self.name.trim().is_empty() {
            return Err("name is empty".to_owned());
        }
        if self.dimension == 0 {
            return Err("dimension must be at least 1".to_owned());
        }
        if self.files.is_empty() {
            return Err("lists no files".to_owned());
        }
        let mut seen = BTreeSet::new();
        for file in &self.files {
            check_entry(file)?;
            if !seen.insert(&file.path) {
                return Err(format!("lists {:?} twice", file.path));
            }
        }
        let expected = Self::fingerprint_of(&self.files);
        if self.fingerprint != expected {
            return Err(format!("its fingerprint is {}, its files give {expected}", self.fingerprint));
        }
        Ok(())
    }
}

/// The sha256 of everything in `reader` and how many bytes that was, without holding them at once.
pub(crate) fn hash_reader(mut reader: impl Read) -> io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 256 * 1024];
    let mut bytes = 0_u64;
    loop {
        let count = reader.read(&mut buffer)?;
        if count == 0 {
            return Ok((hexadecimal(&hasher.finalize()), bytes));
        }
        hasher.update(&buffer[..count]);
        bytes += count as u64;
    }
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Error {
    if error.kind() == io::ErrorKind::NotFound {
        return Error::model_file(path, "missing");
    }
    Error::model_file(path, format!("cannot be read: {error}"))
}

fn check_folder(folder: &Path) -> Result<()> {
    let metadata = fs::metadata(folder).map_err(|error| unreadable(folder, &error))?;
    if !metadata.is_dir() {
        return Err(Error::model_file(folder, "is not a folder"));
    }
    Ok(())
}

fn check_entry(file: &ManifestFile) -> std::result::Result<(), String> {
    let leaves = |part: &str| part.is_empty() || part == "." || part == "..";
    // Backslashes and colons separate parts or name drives on Windows.
    if file.path.split('/').any(leaves) || file.path.contains(['\\', ':', '\0']) {
        return Err(format!("the path {:?} is not a plain path inside the folder", file.path));
    }
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if file.sha256.len() != 64 || !file.sha256.bytes().all(is_digit) {
        return Err(format!("the sha256 of {:?} is not 64 lower-case hexadecimal digits", file.path));
    }
    Ok(())
}

fn collect_paths(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(|error| unreadable(folder, &error))? {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        let path = entry.path();
        let file_type = entry.file_type().map_err(|error| unreadable(&path, &error))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let relative = format!("{prefix}{name}");
        if name.starts_with('.') || relative == MANIFEST_NAME {
            continue;
        }
        if file_type.is_dir() {
            collect_paths(&path, &format!("{relative}/"), paths)?;
        } else if is_described(&path) {
            paths.push(relative);
        }
    }
    Ok(())
}

fn is_described(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    DESCRIBED_EXTENSIONS.contains(&extension) && !path.is_dir()
}

fn describe_file(folder: &Path, relative: String) -> Result<ManifestFile> {
    let path = folder.join(&relative);
    let (sha256, bytes) =
        File::open(&path).and_then(hash_reader).map_err(|error| unreadable(&path, &error))?;
    Ok(ManifestFile { path: relative, bytes, sha256 })
}
