//! What a running process holds: the model behind its queue, the knowledge being served, and the limits.
//!
//! Made once by the command line, shared by every request. Handlers and the `ask` verb call [`App::ask`]; nobody else
//! calls `answer::decide`.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use answer::{BuildOptions, DecideOptions, FaqEntry, KnowledgeSnapshot, Question};
use anyhow::Context as _;
use arc_swap::ArcSwap;
use inference::{Embedder, ModelFiles, ModelInfo, Role, SentenceEncoder};

use crate::{
    ApiError, AskRequest, AskResponse, Config, clock, config,
    reply::{self, TraceId},
    telemetry::Metrics,
};

/// Everything a request needs.
pub struct App {
    encoder: Arc<dyn SentenceEncoder>,
    embedder: Embedder,
    snapshot: ArcSwap<KnowledgeSnapshot>,
    options: DecideOptions,
    config: Config,
    demo: DemoInfo,
    metrics: Metrics,
    stopping: AtomicBool,
}

/// What the page at `/` shows besides the decisions.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct DemoInfo {
    /// The shop's name.
    pub title: String,
    /// BCP 47, for example `zh-CN`.
    pub language: String,
    /// Questions to try, in order; may be empty.
    pub examples: Vec<String>,
}

impl App {
    /// Loads the configured model, starts its workers and builds the snapshot of `knowledge`. `on_progress` receives
    /// the number of texts embedded so far and the total. Without `demo` the page shows the product's name and no
    /// examples.
    ///
    /// # Errors
    /// When the model folder, an option or the entries are not sound; the message says which.
    pub async fn start(
        config: &Config,
        knowledge: Vec<FaqEntry>,
        demo: Option<DemoInfo>,
        on_progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<Self> {
        let encoder = load_encoder(config)?;
        Self::with_encoder(config, encoder, knowledge, demo, on_progress).await
    }

    /// The same over an encoder that is already loaded.
    ///
    /// # Errors
    /// When an option or the entries are not sound.
    pub async fn with_encoder(
        config: &Config,
        encoder: Arc<dyn SentenceEncoder>,
        knowledge: Vec<FaqEntry>,
        demo: Option<DemoInfo>,
        on_progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<Self> {
        let options = config.decide_options()?;
        let embedder = Embedder::start(Arc::clone(&encoder), &config.embedder_options())?;
        let snapshot = KnowledgeSnapshot::build(knowledge, &embedder, &BuildOptions::default(), on_progress)
            .await
            .context("cannot build the knowledge snapshot")?;
        let metrics = Metrics::new();
        metrics.snapshot_entries(snapshot.entry_count());
        Ok(Self {
            encoder,
            embedder,
            snapshot: ArcSwap::from_pointee(snapshot),
            options,
            config: config.clone(),
            demo: demo.unwrap_or_default(),
            metrics,
            stopping: AtomicBool::new(false),
        })
    }

    /// Decides on a question, under a new trace id.
    ///
    /// # Errors
    /// As in [`App::ask_traced`].
    pub async fn ask(&self, request: AskRequest) -> Result<AskResponse, ApiError> {
        self.ask_traced(request, TraceId::new()).await
    }
}
