//! A file to contents. Every length is checked against the file before memory is taken for it, every checksum before a
//! section is interpreted, and every number before it is used: no file makes the program panic.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use bytemuck::Pod;

use super::layout::{self, Entry};
use super::parameters::Shape;
use super::{VERSION, graph};
use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::frozen::FrozenGraph;
use crate::rows::{ROWS_PER_CHUNK, Rows};
use crate::slots::SlotSet;
use crate::vector::is_unit;

/// What a file holds.
pub(super) struct Found {
    /// Without its graph.
    pub(super) contents: Contents,
    /// From the id of each live row to its slot.
    pub(super) slots: HashMap<u64, u32>,
    /// The graph, if it has one, or why it cannot be used.
    pub(super) graph: std::result::Result<Option<FrozenGraph>, String>,
}

pub(super) fn read(path: &Path) -> Result<Found> {
    let mut source = Source::open(path)?;
    let entries = source.head()?;
    let [parameters, ids, vectors, removed, graph @ ..] = entries.as_slice() else {
        return Err(source.damaged("its head does not list all sections"));
    };
    let shape = Shape::decode(&source.array(parameters)?).map_err(|reason| source.damaged(reason))?;
    let ids: Vec<u64> = source.array(ids)?;
    let rows = source.rows(vectors, &shape, &ids)?;
    let removed = SlotSet::from_words(source.array(removed)?);
    if removed.count_below(rows.len()) != removed.len() {
        return Err(source.damaged("it marks rows as removed that it does not have"));
    }
    let slots = live_slots(&rows, &removed).map_err(|reason| source.damaged(reason))?;
    let graph = match source.graph(graph.first(), rows.len()) {
        Ok(graph) => Ok(graph),
        Err(Error::Damaged { reason, .. }) => Err(reason),
        Err(error) => return Err(error),
    };
    let contents = Contents { removed: Arc::new(removed), ..Contents::new(shape.parameters, rows) };
    Ok(Found { contents, slots, graph })
}

fn live_slots(rows: &Rows, removed: &SlotSet) -> std::result::Result<HashMap<u64, u32>, String> {
    let mut slots = HashMap::with_capacity(rows.len() - removed.len());
    for slot in (0..rows.len() as u32).filter(|&slot| !removed.contains(slot)) {
        if slots.insert(rows.id(slot), slot).is_some() {
            return Err(format!("id {} is stored twice", rows.id(slot)));
        }
    }
    Ok(slots)
}

struct Source<'a> {
    path: &'a Path,
    reader: BufReader<File>,
    /// Bytes not yet read.
    rest: u64,
}

impl<'a> Source<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let opened = File::open(path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (rest, file) = opened.map_err(|source| unreadable(path, source))?;
        Ok(Self { path, reader: BufReader::new(file), rest })
    }

    fn head(&mut self) -> Result<Vec<Entry>> {
        let mut head = vec![0; layout::PREFIX_BYTES];
        self.fill(&mut head, "head")?;
        let (words, _) = head.as_chunks::<4>();
        let (version, sections) = (u32::from_le_bytes(words[2]), u32::from_le_bytes(words[3]));
        if head[..8] != layout::MAGIC {
            return Err(self.damaged("it does not begin as an index does"));
        }
        if version != VERSION {
            return Err(Error::Version { path: self.path.to_owned(), found: version, supported: VERSION });
        }
        let sections = (sections as usize).min(layout::KINDS.len());
        head.resize(layout::head_bytes(sections), 0);
        self.fill(&mut head[layout::PREFIX_BYTES..], "head")?;
        layout::decode(&head).map_err(|reason| self.damaged(reason))
    }

    /// A section as numbers of one type.
    fn array<T: Pod>(&mut self, entry: &Entry) -> Result<Vec<T>> {
        self.expect(entry)?;
        let mut bytes = vec![0; entry.length as usize];
        self.fill(&mut bytes, entry.kind.name())?;
        self.verify(entry, crc32fast::hash(&bytes))?;
        if !bytes.len().is_multiple_of(size_of::<T>()) {
            return Err(self.damaged(format!("the {} section is of odd length", entry.kind.name())));
        }
        Ok(bytemuck::allocation::pod_collect_to_vec(&bytes))
    }

    /// The vectors section, chunk by chunk, so that it is in memory once.
    fn rows(&mut self, entry: &Entry, shape: &Shape, ids: &[u64]) -> Result<Rows> {
        self.expect(entry)?;
        let bytes = (shape.rows as u64).checked_mul(4 * shape.dimension as u64);
        if ids.len() != shape.rows || bytes != Some(entry.length) {
            return Err(self.damaged(format!("its ids and vectors are not {} rows", shape.rows)));
        }
        let mut hasher = crc32fast::Hasher::new();
        let mut chunks = Vec::new();
        for ids in ids.chunks(ROWS_PER_CHUNK) {
            let mut values = vec![0.0_f32; ids.len() * shape.dimension];
            self.fill(bytemuck::cast_slice_mut(&mut values), entry.kind.name())?;
            hasher.update(bytemuck::cast_slice(&values));
            chunks.push((ids, values));
        }
        self.verify(entry, hasher.finalize())?;
        let mut rows = Rows::new(shape.dimension);
        for (ids, values) in chunks {
            let faulty = values.chunks_exact(shape.dimension).position(|row| !is_unit(row));
            if let Some(id) = faulty.and_then(|row| ids.get(row)) {
                return Err(self.damaged(format!("the vector of id {id} is not of unit length")));
            }
            rows.push_chunk(ids.to_vec(), values);
        }
        Ok(rows)
    }

    fn graph(&mut self, entry: Option<&Entry>, rows: usize) -> Result<Option<FrozenGraph>> {
        let graph = match entry {
            Some(entry) => {
                let bytes: Vec<u8> = self.array(entry)?;
                let graph = graph::decode(&bytes).map_err(|reason| self.damaged(reason))?;
                if graph.len() > rows {
                    return Err(self.damaged("its graph has more nodes than there are rows"));
                }
                Some(graph)
            }
            None => None,
        };
        match self.rest {
            0 => Ok(graph),
            rest => Err(self.damaged(format!("{rest} bytes follow the last section"))),
        }
    }

    fn expect(&self, entry: &Entry) -> Result<()> {
        if entry.length <= self.rest {
            return Ok(());
        }
        Err(self.damaged(format!(
            "the {} section is cut off: {} of {} bytes are there",
            entry.kind.name(),
            self.rest,
            entry.length
        )))
    }

    fn verify(&self, entry: &Entry, checksum: u32) -> Result<()> {
        if checksum == entry.checksum {
            return Ok(());
        }
        Err(self.damaged(format!("the checksum of the {} section does not match", entry.kind.name())))
    }

    fn fill(&mut self, buffer: &mut [u8], part: &str) -> Result<()> {
        if let Err(source) = self.reader.read_exact(buffer) {
            let ended = source.kind() == io::ErrorKind::UnexpectedEof;
            let damaged = || self.damaged(format!("it ends inside its {part}"));
            return Err(if ended { damaged() } else { unreadable(self.path, source) });
        }
        self.rest = self.rest.saturating_sub(buffer.len() as u64);
        Ok(())
    }

    fn damaged(&self, reason: impl Into<String>) -> Error {
        Error::Damaged { path: self.path.to_owned(), reason: reason.into() }
    }
}

fn unreadable(path: &Path, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), action: "read", source }
}
