//! An index on disk. A [`Searcher`] is saved, an [`IndexWriter`] is loaded; a file is whole and sound or refused.
//!
//! Little-endian throughout:
//! ```text
//! magic             8 bytes  "YINGDAIX"
//! format version    u32
//! section count     u32
//! for each section  kind u32, CRC-32 of its bytes u32, length in bytes u64
//! CRC-32 of everything above  u32
//! the sections, one after the other:
//!   1 parameters    10 × u64
//!   2 ids           u64 for each row
//!   3 vectors       f32 [rows, dimension], unit length
//!   4 removed       one bit for each row, in u64
//!   5 graph         absent where rows are scanned: see `snapshot/graph.rs`
//! ```
//! The graph comes last and can be made again from the rest: [`load_or_rebuild`] needs only sections 1 to 4.
//! Int8 codes are not stored; they follow from the vectors.

mod graph;
mod layout;
mod parameters;
mod read;
mod write;

use std::path::Path;

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::searcher::Searcher;
use crate::writer::IndexWriter;

/// The format this program writes, and the only one it reads.
pub const VERSION: u32 = 1;

/// An index whose graph may have been lost with part of its file.
#[derive(Debug)]
pub struct Loaded {
    /// The index, as it was saved. Where the graph was lost, it scans until a rebuild is taken in by a later commit.
    pub writer: IndexWriter,
    /// Why the graph could not be read, if it could not.
    pub graph_lost: Option<String>,
}

/// Writes an index to `path`, in place of what is there. The file appears whole or not at all: it is written beside
/// its final place, flushed to the disk and renamed.
///
/// # Errors
/// [`Error::Io`] if the folder is absent or full, or may not be written to; what was there before remains.
pub fn save(searcher: &Searcher, path: &Path) -> Result<()> {
    write::replace(searcher.contents(), path).map_err(|source| Error::Io {
        path: path.to_owned(),
        action: "write",
        source,
    })
}

/// Reads an index and starts the rebuild that is due, if one is.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, [`Error::Version`] for another format version, [`Error::Damaged`] for anything
/// not as [`save`] wrote it.
pub fn load(path: &Path) -> Result<IndexWriter> {
    let found = read::read(path)?;
    let graph = found.graph.map_err(|reason| Error::Damaged { path: path.to_owned(), reason })?;
    resume(Contents { graph: graph.map(Into::into), ..found.contents }, found.slots)
}

/// As [`load`], but where only the graph is damaged or cut off it starts to build a new one from the vectors.
///
/// # Errors
/// As [`load`], for anything but the graph.
pub fn load_or_rebuild(path: &Path) -> Result<Loaded> {
    let found = read::read(path)?;
    let (graph, graph_lost) = match found.graph {
        Ok(graph) => (graph, None),
        Err(reason) => (None, Some(reason)),
    };
    let writer = resume(Contents { graph: graph.map(Into::into), ..found.contents }, found.slots)?;
    Ok(Loaded { writer, graph_lost })
}

fn resume(contents: Contents, slots: std::collections::HashMap<u64, u32>) -> Result<IndexWriter> {
    let mut writer = IndexWriter::from_contents(contents, slots);
    writer.commit()?;
    Ok(writer)
}
