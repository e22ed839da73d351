//! Vectors to nearest neighbours.
//!
//! An [`IndexWriter`] is the only thing that changes an index: it takes `(id, vector)` pairs, forgets ids,
//! and [`commit`](IndexWriter::commit)s. A commit returns a [`Searcher`], an immutable picture that any
//! number of threads search without waiting for one another or for the writer. Vectors are brought to unit
//! length when they enter, so that similarity is the cosine: greater is closer, 1 is the same direction.
//!
//! Small sets are scanned (int8 codes, then the best again in f32); above a measured size an HNSW graph is
//! built on a background thread, and rows not yet in it are scanned beside it. The crate knows no text,
//! no SQL and no async runtime, and it never ends the process.

mod beam;
mod contents;
mod dot;
mod error;
mod exact;
mod frozen;
mod hnsw;
mod parameters;
mod quantize;
mod reach;
mod rebuild;
mod rows;
mod searcher;
mod shortlist;
mod slots;
pub mod snapshot;
mod vector;
mod writer;

pub use error::{Error, Result, VectorFault};
pub use parameters::{IndexKind, IndexParameters, KindChoice};
pub use searcher::{Neighbor, Searcher};
pub use writer::IndexWriter;
