//! What a running process holds: the model behind its queue, the knowledge being served, and the limits.
//!
//! Made once by the command line, shared by every request. Handlers and the `ask` verb call [`App::ask`]; nobody else
//! in this crate calls `answer::decide`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use answer::{BuildOptions, Decided, Question, decide};
use arc_swap::ArcSwap;
use inference::{Embedder, Role, SentenceEncoder};
use serde::Serialize;
use time::OffsetDateTime;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Span;
use utoipa::ToSchema;

use crate::{
    ApiError, AskRequest, AskResponse, Config, EndedConversation, ErrorCode, Knowledge, clock, models,
    published::Publication,
    recording::{Incoming, Recorded, StoredReply, receipt},
    reply::Explanation,
    serving::{Builder, Serving},
    storage::Storage,
    telemetry::{Gauges, Metrics},
    trace_id::TraceId,
};

/// Everything a request needs.
pub struct App {
    config: Config,
    encoder: Arc<dyn SentenceEncoder>,
    embedder: Embedder,
    builder: Builder,
    serving: ArcSwap<Serving>,
    /// `None` for knowledge that is not from a store.
    publication: Option<Publication>,
    demo: DemoInfo,
    /// `None` where nothing is recorded.
    storage: Option<Storage>,
    metrics: Metrics,
    admission: Arc<Semaphore>,
    stopping: AtomicBool,
    started: OffsetDateTime,
}

/// A question under way.
struct Asked {
    question: Question,
    explain: bool,
    trace_id: TraceId,
    started: Instant,
}

impl Asked {
    fn milliseconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64() * 1e3
    }
}

/// What the page at `/` shows besides the decisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DemoInfo {
    /// The shop's name.
    pub title: String,
    /// BCP 47, for example `zh-CN`.
    pub language: String,
    /// Questions to try, in order; may be empty.
    pub examples: Vec<String>,
}

impl Default for DemoInfo {
    /// The product's name, in its first language, without examples: for an operator's own knowledge.
    fn default() -> Self {
        Self { title: "应答".to_owned(), language: "zh-CN".to_owned(), examples: Vec::new() }
    }
}

impl App {
    /// Loads the configured models, starts their workers and builds the snapshot of `knowledge`. `on_progress` receives
    /// the number of texts embedded so far and the total.
    ///
    /// # Errors
    /// When the model folder, an option or the entries are not sound; the message says which.
    pub async fn start(
        config: &Config,
        knowledge: Knowledge,
        on_progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<Self> {
        let model = config.clone();
        let encoder = tokio::task::spawn_blocking(move || models::load(&model)).await??;
        Self::with_encoder(config, encoder, knowledge, on_progress).await
    }

    /// The same over an encoder that is already loaded. The reranker is loaded here, if one is configured.
    ///
    /// # Errors
    /// When the reranker's folder, an option or the entries are not sound.
    pub async fn with_encoder(
        config: &Config,
        encoder: Arc<dyn SentenceEncoder>,
        knowledge: Knowledge,
        on_progress: impl FnMut(usize, usize),
    ) -> anyhow::Result<Self> {
        let target = config.risk_target()?;
        let embedder = Embedder::start(Arc::clone(&encoder), &config.embedder_options())?;
        let models = config.clone();
        let reranking = tokio::task::spawn_blocking(move || models::start_reranker(&models)).await??;
        let options = BuildOptions { reranking, ..config.build_options()? };
        let builder = Builder::new(&embedder, options, target, knowledge.store.as_ref());
        let publication = Publication::of(&knowledge);
        let demo = knowledge.demo.clone().unwrap_or_default();
        let serving = builder.build(knowledge, on_progress).await?;
        Ok(Self {
            metrics: Metrics::new(&embedder.info().name)?,
            admission: Arc::new(Semaphore::new(config.server.max_in_flight)),
            config: config.clone(),
            encoder,
            embedder,
            builder,
            serving: ArcSwap::from_pointee(serving),
            publication,
            demo,
            storage: None,
            stopping: AtomicBool::new(false),
            started: clock::now(),
        })
    }

    /// From now on questions that belong to a conversation are recorded there.
    #[must_use]
    pub fn recording(self, storage: Storage) -> Self {
        Self { storage: Some(storage), ..self }
    }

    /// Decides on a question, under a new trace id.
    ///
    /// # Errors
    /// As [`ask_traced`](Self::ask_traced).
    pub async fn ask(&self, request: AskRequest) -> Result<AskResponse, ApiError> {
        self.ask_traced(request, TraceId::new()).await
    }

    /// Decides on a question, and records it if it belongs to a conversation. The text is not logged: only its length,
    /// the decision and `trace_id`.
    ///
    /// # Errors
    /// What is wrong with the text or the conversation, or that embedder or store refuse or fail.
    pub async fn ask_traced(&self, request: AskRequest, trace_id: TraceId) -> Result<AskResponse, ApiError> {
        let started = Instant::now();
        Span::current().record("characters", request.text.chars().count());
        let incoming = Incoming::of(&request)?;
        let AskRequest { text, channel, explain, .. } = request;
        let question = Question::new(&text, clock::now())?.on_channel(channel);
        let asked = Asked { question, explain, trace_id, started };
        let response = match incoming {
            Some(incoming) => self.ask_in_conversation(asked, incoming).await?,
            None => self.decide(&asked).await?.0,
        };
        Span::current().record("decision", response.decision.as_str());
        Ok(response)
    }

    async fn decide(&self, asked: &Asked) -> Result<(AskResponse, Decided, Arc<Serving>), ApiError> {
        let serving = self.serving.load_full();
        let Serving { snapshot, policy, .. } = serving.as_ref();
        let decided = decide(&asked.question, snapshot, &self.embedder, *policy).await?;
        let mut response = AskResponse::new(&decided, asked.trace_id, asked.milliseconds());
        if asked.explain {
            let model = self.embedder.info();
            response.explain = Some(Explanation::new(&decided, model, &serving));
        }
        self.metrics.decision(response.decision);
        Ok((response, decided, serving))
    }

    /// Stores the message, decides unless that was done before or a person answers, stores the reply.
    async fn ask_in_conversation(&self, asked: Asked, incoming: Incoming) -> Result<AskResponse, ApiError> {
        let storage = self.recording_storage()?;
        let (recorded, explain) = match storage.receive(&incoming).await? {
            Recorded::ToDecide(turn) => {
                let (response, decided, serving) = self.decide(&asked).await?;
                let receipt = receipt(turn.message, &decided, &serving, self.embedder.info());
                (storage.reply(*turn, (&response).into(), receipt).await?, response.explain)
            }
            recorded @ (Recorded::Replied { .. } | Recorded::Assigned(_)) => (recorded, None),
        };
        let (reply, state) = match recorded {
            Recorded::Replied { reply, state } => (*reply, state),
            Recorded::Assigned(state) => (StoredReply::assigned(), state),
            Recorded::ToDecide(_) => return Err(ApiError::internal(&"a reply was not stored")),
        };
        let explain = explain.filter(|_| !state.repeated);
        let response = AskResponse::of_stored(reply, state, asked.trace_id, asked.milliseconds());
        Ok(AskResponse { explain, ..response })
    }

    /// Ends a recorded conversation, whoever answers it. Ending it again changes nothing.
    ///
    /// # Errors
    /// That there is no such conversation, or that the store refuses or fails.
    pub async fn end_conversation(&self, id: &str) -> Result<EndedConversation, ApiError> {
        self.recording_storage()?.end(id).await
    }

    fn recording_storage(&self) -> Result<&Storage, ApiError> {
        const NOT_RECORDED: &str = "nothing is recorded here: `yingda keys init` makes a store and its keys";
        self.storage.as_ref().ok_or_else(|| ApiError::invalid_field("conversation_id", NOT_RECORDED))
    }

    /// From now on questions are answered from `knowledge`; those under way finish on what they began with.
    ///
    /// # Errors
    /// As in [`Builder::build`]; then everything stays as it was.
    pub(crate) async fn serve_instead(&self, knowledge: Knowledge) -> anyhow::Result<()> {
        let serving = self.builder.build(knowledge, |_, _| {}).await?;
        self.serving.store(Arc::new(serving));
        Ok(())
    }

    /// What the store has published, where the knowledge is from one.
    pub(crate) fn publication(&self) -> Option<&Publication> {
        self.publication.as_ref()
    }

    /// The published version that is served; `None` for a file.
    pub(crate) fn served_version(&self) -> Option<i64> {
        self.serving.load().version
    }

    /// The number of tokens that the model reads of `texts`: prompt and special tokens included, cut at its limit.
    /// Tokenizes, so it belongs on a blocking thread.
    pub(crate) fn count_tokens<'a>(
        &self,
        texts: impl IntoIterator<Item = &'a str>,
        role: Role,
    ) -> Result<usize, ApiError> {
        let mut count = 0;
        for text in texts {
            count += self.encoder.tokenize(text, role)?.token_ids.len();
        }
        Ok(count)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    pub(crate) fn embedder(&self) -> &Embedder {
        &self.embedder
    }

    pub(crate) fn demo(&self) -> &DemoInfo {
        &self.demo
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// When this process became able to answer.
    pub(crate) fn started(&self) -> OffsetDateTime {
        self.started
    }

    /// Room for one more request; `None` when as many as `server.max_in_flight` are under way.
    pub(crate) fn admit(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.admission).try_acquire_owned().ok()
    }

    /// Texts that wait for a vector now.
    #[must_use]
    pub fn queue_depth(&self) -> usize {
        self.embedder.queue_depth()
    }

    /// From now on this process reports that it is not ready. It still answers.
    pub fn begin_shutdown(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether another request is likely to be served.
    ///
    /// # Errors
    /// The reason why not.
    pub(crate) fn readiness(&self) -> Result<(), ApiError> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(ApiError::new(ErrorCode::ShuttingDown, "the process is shutting down"));
        }
        if self.queue_depth() >= self.config.model.queue_capacity {
            return Err(ApiError::new(ErrorCode::Overloaded, "the embedding queue is full"));
        }
        Ok(())
    }

    /// Values that are read when somebody looks.
    pub(crate) fn gauges(&self) -> Gauges {
        let serving = self.serving.load();
        let snapshot = &serving.snapshot;
        Gauges {
            in_flight: self.config.server.max_in_flight - self.admission.available_permits(),
            queue_depth: self.queue_depth(),
            embedder: self.embedder.stats(),
            entries: snapshot.entry_count(),
            phrasings: snapshot.phrasing_count(),
            served_version: serving.version,
            published_version: self.publication.as_ref().map(Publication::seen),
        }
    }
}
