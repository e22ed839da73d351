//! A sentence becomes a unit vector, inside the process.
//!
//! What passes through: a model folder is verified ([`ModelFiles`]), loaded on a device ([`load_model`]) and put behind
//! a queue with worker threads ([`Embedder`]). Callers only ever hold an [`Embedder`] and receive [`Embedding`]s.
//! Nothing here knows HTTP, SQL or what the vectors are used for.

mod embedding;
mod encoder;
mod error;

pub use embedding::Embedding;
pub use encoder::{EncoderInput, ModelInfo, Role, SentenceEncoder};
pub use error::{Error, Result};
