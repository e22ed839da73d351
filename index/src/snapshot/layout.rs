//! The head of a file: what sections follow, how long they are, and their checksums.

use super::VERSION;

pub(super) const MAGIC: [u8; 8] = *b"YINGDAIX";

/// Magic, version and section count: what can be read before the rest of the head's length is known.
pub(super) const PREFIX_BYTES: usize = 16;

const ENTRY_BYTES: usize = 16;

/// Kinds of sections, in the order they lie in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Parameters = 1,
    Ids = 2,
    Vectors = 3,
    Removed = 4,
    Graph = 5,
}

/// A file with a graph has all of these, one without all but the last.
pub(super) const KINDS: [Kind; 5] = [Kind::Parameters, Kind::Ids, Kind::Vectors, Kind::Removed, Kind::Graph];

/// One section's line in the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) checksum: u32,
    /// Bytes.
    pub(super) length: u64,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Parameters => "parameters",
            Self::Ids => "ids",
            Self::Vectors => "vectors",
            Self::Removed => "removed",
            Self::Graph => "graph",
        }
    }
}

/// Bytes of a head with this many sections.
pub(super) fn head_bytes(sections: usize) -> usize {
    PREFIX_BYTES + sections * ENTRY_BYTES + 4
}

pub(super) fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(VERSION.to_le_bytes());
    head.extend((entries.len() as u32).to_le_bytes());
    for entry in entries {
        head.extend((entry.kind as u32).to_le_bytes());
        head.extend(entry.checksum.to_le_bytes());
        head.extend(entry.length.to_le_bytes());
    }
    head.extend(crc32fast::hash(&head).to_le_bytes());
    head
}

/// The entries of a head of exactly [`head_bytes`] bytes, whose magic and version have been checked.
pub(super) fn decode(head: &[u8]) -> Result<Vec<Entry>, String> {
    let (table, checksum) = head.split_last_chunk::<4>().ok_or("its head is cut off")?;
    if crc32fast::hash(table) != u32::from_le_bytes(*checksum) {
        return Err("the checksum of its head does not match".to_owned());
    }
    let (entries, _) = table[PREFIX_BYTES..].as_chunks::<ENTRY_BYTES>();
    KINDS.into_iter().zip(entries).map(|(kind, entry)| decode_entry(kind, entry)).collect()
}

fn decode_entry(expected: Kind, entry: &[u8; ENTRY_BYTES]) -> Result<Entry, String> {
    let [kind, checksum, low, high]: [u32; 4] = bytemuck::cast(*entry);
    if kind != expected as u32 {
        return Err(format!("its head does not list the {} section in its place", expected.name()));
    }
    Ok(Entry { kind: expected, checksum, length: u64::from(high) << 32 | u64::from(low) })
}
