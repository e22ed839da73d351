//! A model folder on disk, checked against its manifest. The loaders read model files through here and nowhere else.
//!
//! What is hashed when: [`ModelFiles::open`] checks the presence and size of every file and the sha256 of the small
//! ones; [`ModelFiles::read`] checks the sha256 of the very bytes it returns, [`ModelFiles::read_with`] of those it lends. A gigabyte of weights is therefore read
//! and hashed once per start, and still no altered byte can reach a model. [`ModelFiles::verify`] hashes every file,
//! loaded or not.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;

use sha2::{Digest, Sha256};

use crate::manifest::{ManifestFile, hash_reader, hexadecimal, unreadable};
use crate::{Error, Manifest, Result};

/// Files up to this many bytes are hashed at opening: configuration and small tokenizers, milliseconds in all.
const SMALL_FILE_BYTES: u64 = 1 << 20;

/// An opened model folder. Only files that the manifest describes can be read.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    folder: PathBuf,
    manifest: Manifest,
}

impl ModelFiles {
    /// Opens a folder that has a `manifest.json`: every described file is there, has its size and, up to 1 MiB, its
    /// sha256. Larger files are hashed when they are [`read`](Self::read).
    ///
    /// # Errors
    /// [`Error::ModelFile`] as in [`Manifest::read`], or naming the file that is missing, truncated, longer or altered.
    pub fn open(folder: &Path) -> Result<Self> {
        let files = Self { folder: folder.to_owned(), manifest: Manifest::read(folder)? };
        for file in &files.manifest.files {
            check_size(&folder.join(&file.path), file)?;
            if file.bytes <= SMALL_FILE_BYTES {
                files.read_described(file)?;
            }
        }
        Ok(files)
    }

    /// Opens a folder without a manifest, for checkpoints that an operator fetched: the manifest is made from the files
    /// as they are now (see [`Manifest::unverified`]), so nothing says that they are the publisher's.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when the folder is missing, holds no model files, or a file cannot be read.
    pub fn unverified(folder: &Path) -> Result<Self> {
        Ok(Self { folder: folder.to_owned(), manifest: Manifest::unverified(folder)? })
    }

    /// Hashes every described file, a block at a time.
    ///
    /// # Errors
    /// [`Error::ModelFile`] for the first file that is missing, truncated, longer or altered.
    pub fn verify(&self) -> Result<()> {
        for file in &self.manifest.files {
            let path = self.folder.join(&file.path);
            check_size(&path, file)?;
            let (sha256, bytes) =
                File::open(&path).and_then(hash_reader).map_err(|error| unreadable(&path, &error))?;
            check_contents(&path, file, bytes, &sha256)?;
        }
        Ok(())
    }

    /// The contents of `relative` (parts joined by `/`), whose sha256 is checked before they are returned.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when the manifest does not describe the file, or it is missing, truncated, longer or
    /// altered.
    pub fn read(&self, relative: &str) -> Result<Vec<u8>> {
        self.read_described(self.described(relative)?)
    }

    /// Whether the manifest describes `relative`.
    #[must_use]
    pub fn has(&self, relative: &str) -> bool {
        self.manifest.file(relative).is_some()
    }

    /// The folder, as given.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the folder holds.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What `using` makes of the contents of `relative`, whose sha256 is computed on another thread meanwhile: for weights,
    /// where the two take as long. The result is given only when the contents are those described.
    ///
    /// # Errors
    /// As [`read`](Self::read); where that has none, those of `using`.
    pub(crate) fn read_with<T>(&self, relative: &str, using: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let file = self.described(relative)?;
        let contents = self.contents(file)?;
        thread::scope(|scope| {
            let check = scope.spawn(|| self.check(file, &contents));
            let result = using(&contents);
            let gone = |_| Error::Inference("the thread that hashes a file ended".to_owned());
            check.join().map_err(gone)??;
            result
        })
    }

    fn described(&self, relative: &str) -> Result<&ManifestFile> {
        self.manifest
            .file(relative)
            .ok_or_else(|| Error::model_file(&self.folder.join(relative), "not described by the manifest"))
    }

    fn read_described(&self, file: &ManifestFile) -> Result<Vec<u8>> {
        let contents = self.contents(file)?;
        self.check(file, &contents)?;
        Ok(contents)
    }

    /// Not yet checked but for the size.
    fn contents(&self, file: &ManifestFile) -> Result<Vec<u8>> {
        let path = self.folder.join(&file.path);
        check_size(&path, file)?;
        let mut contents = Vec::with_capacity(usize::try_from(file.bytes).unwrap_or_default());
        // One byte more than described shows that the file grew meanwhile, without reading all of it.
        File::open(&path)
            .and_then(|opened| opened.take(file.bytes.saturating_add(1)).read_to_end(&mut contents))
            .map_err(|error| unreadable(&path, &error))?;
        Ok(contents)
    }

    fn check(&self, file: &ManifestFile, contents: &[u8]) -> Result<()> {
        let sha256 = hexadecimal(&Sha256::digest(contents));
        check_contents(&self.folder.join(&file.path), file, contents.len() as u64, &sha256)
    }
}

fn check_size(path: &Path, file: &ManifestFile) -> Result<()> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !metadata.is_file() {
        return Err(Error::model_file(path, "is not a file"));
    }
    check_length(path, file, metadata.len())
}

fn check_length(path: &Path, file: &ManifestFile, found: u64) -> Result<()> {
    let what = match found.cmp(&file.bytes) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => "truncated",
        std::cmp::Ordering::Greater => "longer than described",
    };
    Err(Error::model_file(path, format!("{what}: expected {} bytes, found {found}", file.bytes)))
}

fn check_contents(path: &Path, file: &ManifestFile, bytes: u64, sha256: &str) -> Result<()> {
    check_length(path, file, bytes)?;
    if sha256 != file.sha256 {
        let reason = format!("altered: its sha256 is {sha256}, the manifest says {}", file.sha256);
        return Err(Error::model_file(path, reason));
    }
    Ok(())
}
