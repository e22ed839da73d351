//! What operators see of a running process: log lines on standard error and numbers for Prometheus.
//!
//! Neither ever holds the text of a message.

use std::{io::IsTerminal as _, panic, time::Duration};

use anyhow::Context as _;
use inference::EmbedderStats;
use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tracing_subscriber::EnvFilter;

use crate::{
    config::{LogConfig, LogFormat},
    reply::DecisionKind,
};

/// Sends log lines to standard error and makes panics log lines. Once per process, by the command line.
///
/// # Errors
/// When the level cannot be parsed or a subscriber is already installed.
pub fn init(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.level).context("log.level")?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured());
    let installed = match config.format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    installed.map_err(anyhow::Error::from_boxed).context("logging is already set up")?;
    panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A log that goes to a file or a service manager must not hold a terminal's control codes; see also no-color.org.
fn is_coloured() -> bool {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    std::io::stderr().is_terminal() && !plain
}

/// The message is left out: a panic about a text quotes it.
fn log_panic(panic: &panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a thread panicked");
}

/// The numbers of one process. Rendered on request; there is no listener of its own.
pub(crate) struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
}

/// Values that are read when somebody looks.
pub(crate) struct Gauges {
    pub(crate) in_flight: usize,
    pub(crate) queue_depth: usize,
    pub(crate) embedder: EmbedderStats,
    pub(crate) entries: usize,
    pub(crate) phrasings: usize,
    pub(crate) served_version: Option<i64>,
    pub(crate) published_version: Option<i64>,
}

const REQUESTS: &str = "yingda_http_requests_total";
const DURATION: &str = "yingda_http_request_duration_seconds";
const IN_FLIGHT: &str = "yingda_http_requests_in_flight";
const DECISIONS: &str = "yingda_decisions_total";
const QUEUE_DEPTH: &str = "yingda_embedding_queue_depth";
const BATCHES: &str = "yingda_embedding_batches_total";
const ENCODED: &str = "yingda_embedding_texts_total";
const CACHE_HITS: &str = "yingda_embedding_cache_hits_total";
const CACHE_MISSES: &str = "yingda_embedding_cache_misses_total";
const OVERLOADED: &str = "yingda_embedding_overloaded_total";
const SKIPPED: &str = "yingda_embedding_skipped_total";
const FAILURES: &str = "yingda_embedding_failures_total";
const ENTRIES: &str = "yingda_snapshot_entries";
const PHRASINGS: &str = "yingda_snapshot_phrasings";
const SERVED_VERSION: &str = "yingda_knowledge_version";
const PUBLISHED_VERSION: &str = "yingda_knowledge_published_version";
const UNSERVED: &str = "yingda_knowledge_failures_total";
const BUILD: &str = "yingda_build_info";

/// Upper bounds in seconds: a static model answers in less than a millisecond, a large one in tens, and WeChat hangs
/// up after five seconds.
const DURATION_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How often [`Metrics::upkeep`] wants to be called.
pub(crate) const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

impl Metrics {
    pub(crate) fn new(model: &str) -> anyhow::Result<Self> {
        let recorder = PrometheusBuilder::new().set_buckets(&DURATION_BUCKETS)?.build_recorder();
        let metrics = Self { handle: recorder.handle(), recorder };
        let model = model.to_owned();
        metrics.record(|| {
            describe();
            counter!(UNSERVED).absolute(0);
            gauge!(BUILD, "version" => env!("CARGO_PKG_VERSION"), "model" => model).set(1.0);
        });
        Ok(metrics)
    }

    /// Counts a finished request. `route` is the pattern, not the path, so that the number of series stays bounded.
    pub(crate) fn request(&self, route: &str, method: &'static str, status: u16, duration: Duration) {
        let route = route.to_owned();
        self.record(|| {
            histogram!(DURATION, "route" => route.clone()).record(duration);
            counter!(REQUESTS, "route" => route, "method" => method, "status" => status.to_string())
                .increment(1);
        });
    }

    pub(crate) fn decision(&self, decision: DecisionKind) {
        self.record(|| counter!(DECISIONS, "decision" => decision.as_str()).increment(1));
    }

    /// A published version could not be built.
    pub(crate) fn version_failed(&self) {
        self.record(|| counter!(UNSERVED).increment(1));
    }

    /// All series in Prometheus' text format, with `gauges` as they are now.
    pub(crate) fn render(&self, gauges: &Gauges) -> String {
        self.record(|| {
            gauge!(IN_FLIGHT).set(gauges.in_flight as f64);
            gauge!(QUEUE_DEPTH).set(gauges.queue_depth as f64);
            counter!(BATCHES).absolute(gauges.embedder.batches);
            counter!(ENCODED).absolute(gauges.embedder.encoded);
            counter!(CACHE_HITS).absolute(gauges.embedder.cache_hits);
            counter!(CACHE_MISSES).absolute(gauges.embedder.cache_misses);
            counter!(OVERLOADED).absolute(gauges.embedder.overloaded);
            counter!(SKIPPED).absolute(gauges.embedder.skipped);
            counter!(FAILURES).absolute(gauges.embedder.failures);
            gauge!(ENTRIES).set(gauges.entries as f64);
            gauge!(PHRASINGS).set(gauges.phrasings as f64);
            gauge!(SERVED_VERSION).set(gauges.served_version.unwrap_or(0) as f64);
            gauge!(PUBLISHED_VERSION).set(gauges.published_version.unwrap_or(0) as f64);
        });
        self.handle.render()
    }

    /// Moves samples into their buckets. Without it they pile up for as long as nobody scrapes.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn record(&self, action: impl FnOnce()) {
        metrics::with_local_recorder(&self.recorder, action);
    }
}

fn describe() {
    describe_counter!(REQUESTS, "Finished requests by route, method and status; 499: the caller left.");
    describe_histogram!(DURATION, Unit::Seconds, "From the request's head to the reply's head, by route.");
    describe_gauge!(IN_FLIGHT, "Requests to /v1 being worked on.");
    describe_counter!(DECISIONS, "Questions by decision: answer, clarify or handoff.");
    describe_gauge!(QUEUE_DEPTH, "Texts waiting for a vector.");
    describe_counter!(BATCHES, "Batches computed by the model.");
    describe_counter!(ENCODED, "Texts computed by the model.");
    describe_counter!(CACHE_HITS, "Texts whose vector was remembered.");
    describe_counter!(CACHE_MISSES, "Texts whose vector was not remembered.");
    describe_counter!(OVERLOADED, "Texts refused because the queue was full.");
    describe_counter!(SKIPPED, "Texts not computed because their caller had left.");
    describe_counter!(FAILURES, "Batches that failed as a whole.");
    describe_gauge!(ENTRIES, "Enabled entries being served.");
    describe_gauge!(PHRASINGS, "Phrasings that questions are compared with.");
    describe_gauge!(SERVED_VERSION, "The published version being served; 0 for a file.");
    describe_gauge!(PUBLISHED_VERSION, "The published version as it was last seen; 0 for a file.");
    describe_counter!(UNSERVED, "Attempts to serve another published version that failed.");
    describe_gauge!(BUILD, "1; the version and the model are in the labels.");
}
