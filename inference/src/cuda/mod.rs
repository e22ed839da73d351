//! The BERT family on an NVIDIA card: the tokens of a batch in one matrix without padding, in single or half precision,
//! computed by candle's kernels. Every operation here also runs on a processor, which is how it is tested; no card has
//! run it yet.
//!
//! candle-transformers' graphs serve single precision only. In half precision BERT's multiplies a mask of zeros by the
//! smallest f32, which is minus infinity there, and gives no numbers; XLM-RoBERTa's counts positions in bf16, which
//! cannot tell those above 256 apart.

mod attention;
mod graph;
mod places;
#[cfg(test)]
mod tests;

pub(crate) use graph::PackedGraph;
