//! How near a question is to topics that no business's FAQ is about.

use index::Searcher;

use crate::{Result, retrieve::Query};

/// The shipped questions about other topics, searchable by meaning.
pub(crate) struct TopicIndex {
    /// Normalised.
    pub(crate) texts: Vec<String>,
    /// Ids are positions in [`texts`](Self::texts).
    vectors: Searcher,
}

impl TopicIndex {
    pub(crate) fn new(texts: Vec<String>, vectors: Searcher) -> Self {
        Self { texts, vectors }
    }

    /// Cosine to the nearest topic other than the one at the position `itself`; 0 without a vector or a topic.
    ///
    /// # Errors
    /// From the index.
    pub(crate) fn nearest(&self, query: &Query, itself: Option<usize>) -> Result<f32> {
        let Some(vector) = &query.vector else { return Ok(0.0) };
        let is_another = |id: u64| itself != Some(id as usize);
        let found = self.vectors.search_filtered(vector.as_slice(), 1, &is_another)?;
        Ok(found.first().map_or(0.0, |neighbor| neighbor.similarity))
    }
}
