//! Contents to a file that appears whole or not at all.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};

use super::graph;
use super::layout::{self, Entry, Kind};
use super::parameters::Shape;
use crate::contents::Contents;

#[cfg(target_endian = "big")]
compile_error!("sections are written as they lie in memory, which must be little-endian");

/// Writes beside `path`, flushes to the disk and renames; a failure removes what was written.
pub(super) fn replace(contents: &Contents, path: &Path) -> io::Result<()> {
    let temporary = beside(path)?;
    let written = write(contents, &temporary).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // It may not exist; the error worth reporting is the first.
        let _ = fs::remove_file(&temporary);
    }
    written?;
    flush_folder(path)
}

fn write(contents: &Contents, path: &Path) -> io::Result<()> {
    let shape = Shape {
        dimension: contents.rows.dimension(),
        rows: contents.rows.len(),
        parameters: contents.parameters.clone(),
    }
    .encode();
    let sections = sections(contents, &shape);
    let entries: Vec<Entry> = sections.iter().map(|(kind, pieces)| entry(*kind, pieces)).collect();
    let mut file = BufWriter::new(File::create(path)?);
    file.write_all(&layout::encode(&entries))?;
    for piece in sections.iter().flat_map(|(_, pieces)| pieces) {
        file.write_all(piece)?;
    }
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()
}

type Section<'a> = (Kind, Vec<Cow<'a, [u8]>>);

fn sections<'a>(contents: &'a Contents, shape: &'a [u64]) -> Vec<Section<'a>> {
    let chunks = || contents.rows.chunks().iter();
    let mut removed = contents.removed.words().to_vec();
    removed.resize(contents.rows.len().div_ceil(64), 0);
    let mut sections = vec![
        (Kind::Parameters, vec![bytemuck::cast_slice(shape).into()]),
        (Kind::Ids, chunks().map(|chunk| bytemuck::cast_slice(&chunk.ids).into()).collect()),
        (Kind::Vectors, chunks().map(|chunk| bytemuck::cast_slice(&chunk.values).into()).collect()),
        (Kind::Removed, vec![bytemuck::allocation::pod_collect_to_vec::<u64, u8>(&removed).into()]),
    ];
    if let Some(graph) = &contents.graph {
        sections.push((Kind::Graph, graph::encode(graph)));
    }
    sections
}

fn entry(kind: Kind, pieces: &[Cow<'_, [u8]>]) -> Entry {
    let mut hasher = crc32fast::Hasher::new();
    pieces.iter().for_each(|piece| hasher.update(piece));
    let length = pieces.iter().map(|piece| piece.len() as u64).sum();
    Entry { kind, checksum: hasher.finalize(), length }
}

/// A name in the same folder that no other save of this process or another uses meanwhile.
fn beside(path: &Path) -> io::Result<PathBuf> {
    static SAVES: AtomicU64 = AtomicU64::new(0);
    let name =
        path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it names no file"))?;
    let mut temporary = OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{}.partial", process::id(), SAVES.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(temporary))
}

/// Without this a crash can lose the renaming, though not the file.
#[cfg(unix)]
fn flush_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Elsewhere a folder cannot be opened to be flushed.
#[cfg(not(unix))]
fn flush_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
