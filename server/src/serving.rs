//! What questions are answered from, and how knowledge becomes that.

use std::sync::Arc;

use answer::{AnswerPolicy, BuildOptions, FaqEntry, KnowledgeSnapshot, Label, RiskTarget};
use anyhow::Context as _;
use inference::Embedder;
use store::Store;

use crate::{DemoInfo, vectors::StoredVectors};

/// What is answered from.
#[derive(Clone, Debug, Default)]
pub struct Knowledge {
    /// Answers and the ways to ask for them.
    pub entries: Vec<FaqEntry>,
    /// Questions with their right entry, from which the calibration learns besides.
    pub labels: Vec<Label>,
    /// For the page at `/`; `None` shows the product's name.
    pub demo: Option<DemoInfo>,
    /// Where the vectors of these texts are kept for the next start; `None` computes them each time.
    pub store: Option<Arc<Store>>,
    /// The number under which that store has published it; `None` for a file. What is published later is served instead.
    pub version: Option<i64>,
}

impl From<Vec<FaqEntry>> for Knowledge {
    fn from(entries: Vec<FaqEntry>) -> Self {
        Self { entries, ..Self::default() }
    }
}

/// A snapshot with the thresholds that follow from it.
pub(crate) struct Serving {
    pub(crate) snapshot: Arc<KnowledgeSnapshot>,
    pub(crate) policy: AnswerPolicy,
    /// The published version that it was built from; `None` for a file.
    pub(crate) version: Option<i64>,
}

impl Serving {
    /// What receipts call it: the number of the published version, if it is one, and the version of the snapshot.
    pub(crate) fn name(&self) -> String {
        match self.version {
            Some(version) => format!("{version} {}", self.snapshot.version()),
            None => self.snapshot.version().to_owned(),
        }
    }
}

/// Builds what is served: everything but the knowledge stays the same for as long as the process lives.
pub(crate) struct Builder {
    embedder: Embedder,
    /// Without labels, which come with the knowledge.
    options: BuildOptions,
    target: RiskTarget,
}

impl Builder {
    /// Vectors are looked for in `store`, and kept there.
    pub(crate) fn new(
        embedder: &Embedder,
        options: BuildOptions,
        target: RiskTarget,
        store: Option<&Arc<Store>>,
    ) -> Self {
        let embedder = match store {
            Some(store) => {
                embedder.with_archive(Arc::new(StoredVectors::new(Arc::clone(store), embedder.info())))
            }
            None => embedder.clone(),
        };
        Self { embedder, options, target }
    }

    /// Embeds, indexes and calibrates. `on_progress` receives the number of texts embedded so far and the total.
    ///
    /// # Errors
    /// When the entries or labels are not sound, or the embedder fails; the message says which.
    pub(crate) async fn build(
        &self,
        knowledge: Knowledge,
        on_progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<Serving> {
        let Knowledge { entries, labels, version, .. } = knowledge;
        let options = BuildOptions { labels, ..self.options.clone() };
        let snapshot = KnowledgeSnapshot::build(entries, &self.embedder, &options, on_progress)
            .await
            .context("cannot build the knowledge snapshot")?;
        let policy = snapshot.calibration().policy(self.target);
        Ok(Serving { snapshot: Arc::new(snapshot), policy, version })
    }
}
