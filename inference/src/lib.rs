//! A sentence becomes a unit vector, inside the process.
//!
//! What passes through: a model folder is verified ([`ModelFiles`]), loaded on a device ([`load_model`]) and put behind
//! a queue with worker threads ([`Embedder`]). Callers only ever hold an [`Embedder`] and receive [`Embedding`]s.
//! The optional second opinion goes the same way: a cross-encoder ([`load_cross_encoder`]) behind a [`Reranker`], which
//! scores a question's candidates. Nothing here knows HTTP, SQL or what the vectors are used for.

mod architectures;
mod archive;
mod batch;
mod cache;
mod configuration;
mod cpu;
mod cross_encoder;
mod cuda;
mod device;
mod embedder;
mod embedding;
mod encoder;
mod error;
mod guard;
mod head;
mod layout;
mod load;
mod manifest;
mod model_files;
mod pool;
mod pooling;
mod precision;
mod prompts;
mod queue;
mod relevance_head;
mod rerank_worker;
mod reranker;
mod static_encoder;
mod stats;
mod text_rules;
mod token_batch;
mod token_table;
mod tokenizer;
mod transformer_cross_encoder;
mod transformer_encoder;
mod vocabulary;
mod weights;
mod worker;

pub use archive::{Archiving, VectorArchive};
pub use cache::CacheStats;
pub use cpu::peak_operations_per_second;
pub use cross_encoder::{CrossEncoder, PairInput};
pub use device::DeviceChoice;
pub use embedder::{Embedder, EmbedderOptions};
pub use embedding::{EmbeddedText, Embedding};
pub use encoder::{EncoderInput, ModelInfo, Role, SentenceEncoder};
pub use error::{Error, Result};
pub use load::{ModelOptions, load_cross_encoder, load_model};
pub use manifest::{Manifest, ManifestFile};
pub use model_files::ModelFiles;
pub use precision::{Precision, PrecisionChoice};
pub use reranker::{Reranker, RerankerOptions};
pub use stats::{EmbedderStats, RerankerStats};
