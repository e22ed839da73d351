//! The configuration: read once at the start, validated, then handed down by reference.
//!
//! Its defaults are the commented file `yingda.toml`, compiled in. [`Config::load`] lays the operator's file, the
//! environment and command-line options over it, and refuses keys and values that it does not know before anything
//! else happens.

mod error;
mod expected;
mod key_source;
mod layers;
mod nearest;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use answer::{BuildOptions, Probability, RiskTarget};
use anyhow::Context as _;
use inference::{EmbedderOptions, ModelOptions, RerankerOptions};
use sealing::MasterKeySource;
use serde::{Deserialize, Deserializer};

pub(crate) use self::error::ConfigError;
pub(crate) use self::layers::{Layers, Origin, Override};

/// The commented file with every key at its default.
pub(crate) const DEFAULT_FILE: &str = include_str!("../yingda.toml");

/// Every setting, by section. Values are in range: see `config/expected.rs`.
#[derive(Clone, Debug, Deserialize)]
pub struct Config {
    /// The HTTP service.
    pub server: ServerConfig,
    /// The embedding model.
    pub model: ModelConfig,
    /// The model that looks at the best candidates once more.
    pub reranker: RerankerConfig,
    /// What is answered from.
    pub knowledge: KnowledgeConfig,
    /// Where everything is kept.
    pub store: StoreConfig,
    /// The keys that seal what is kept.
    pub keys: KeysConfig,
    /// Who can read backups.
    pub backup: BackupConfig,
    /// For how long what is kept.
    pub retention: RetentionConfig,
    /// When to answer.
    pub answer: AnswerConfig,
    /// What is logged.
    pub log: LogConfig,
}

/// The HTTP service.
#[derive(Clone, Debug, Deserialize)]
pub struct ServerConfig {
    /// Where connections are accepted.
    pub address: SocketAddr,
    /// The longest request body.
    pub max_body_bytes: usize,
    /// Requests worked on at once.
    pub max_in_flight: usize,
    /// The longest a request may take.
    pub request_timeout_ms: u64,
    /// How long requests under way may take after a signal to stop.
    pub shutdown_timeout_ms: u64,
}

/// Which model computes vectors, and how.
#[derive(Clone, Debug, Deserialize)]
pub struct ModelConfig {
    /// A folder's name in [`folder`](Self::folder), or a path when it contains a separator.
    pub name: String,
    /// Where model folders lie; a relative path is searched for, see `models`.
    pub folder: PathBuf,
    /// What `inference::DeviceChoice` parses.
    pub device: String,
    /// What `inference::PrecisionChoice` parses.
    pub precision: String,
    /// `None` keeps the model's own dimension.
    #[serde(deserialize_with = "none_if_zero")]
    pub dimension: Option<usize>,
    /// 0 leaves the choice to the program.
    pub workers: usize,
    /// Whether each worker stays on one core.
    pub pin_workers: bool,
    /// Texts that may wait for a vector.
    pub queue_capacity: usize,
    /// Tokens in one batch, padding included; 0 leaves the choice to the program.
    pub token_budget: usize,
    /// Vectors remembered by text.
    pub cache_capacity: u64,
}

/// Which cross-encoder reads the best candidates, and how. It lies where models lie and runs on their device.
#[derive(Clone, Debug, Deserialize)]
pub struct RerankerConfig {
    /// As [`ModelConfig::name`]; `None` for no reranker.
    #[serde(deserialize_with = "no_name_if_empty")]
    pub name: Option<String>,
    /// How many candidates it reads.
    pub candidates: usize,
    /// Questions that may wait for it.
    pub queue_capacity: usize,
    /// Tokens in one batch, padding included.
    pub token_budget: usize,
}

/// What is answered from.
#[derive(Clone, Debug, Deserialize)]
pub struct KnowledgeConfig {
    /// `None` is what the store has published, else the built-in demo shop.
    #[serde(deserialize_with = "none_if_empty")]
    pub path: Option<PathBuf>,
    /// Questions with their right entry, from which the calibration of `path` learns besides.
    #[serde(deserialize_with = "none_if_empty")]
    pub labels: Option<PathBuf>,
    /// How often the store is asked whether another version is published; 0 for never.
    pub poll_interval_ms: u64,
}

/// Where everything is kept.
#[derive(Clone, Deserialize)]
pub struct StoreConfig {
    /// What `store::Location` parses: a file, or the address of a PostgreSQL server.
    pub location: String,
}

/// Prints no address, which can hold a password.
impl std::fmt::Debug for StoreConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        store::Location::parse(&self.location).fmt(formatter)
    }
}

/// The keys that seal what is kept.
#[derive(Clone, Debug, Deserialize)]
pub struct KeysConfig {
    /// Where the master key is kept.
    #[serde(deserialize_with = "key_source::required")]
    pub master: MasterKeySource,
    /// Where the one before it is kept, while it is being replaced.
    #[serde(deserialize_with = "key_source::optional")]
    pub previous: Option<MasterKeySource>,
}

/// Who can read backups.
#[derive(Clone, Debug, Deserialize)]
pub struct BackupConfig {
    /// Public keys of age, as `sealing::backup::Recipients` reads them; may be empty.
    pub recipients: Vec<String>,
}

/// For how many days each kind of data is kept; 0 keeps it for ever.
#[derive(Clone, Debug, Deserialize)]
pub struct RetentionConfig {
    /// After how long a conversation that the bot answers ends by itself.
    pub end_idle_days: u32,
    /// What was said, and summaries.
    pub message_bodies_days: u32,
    /// Decision receipts.
    pub receipts_days: u32,
    /// What became of sent messages.
    pub deliveries_days: u32,
    /// Conversations that are over, with everything said in them.
    pub conversations_days: u32,
    /// What people said about a purpose before they said something else about it.
    pub consents_days: u32,
    /// People of whom no conversation is left.
    pub contacts_days: u32,
    /// Events.
    pub events_days: u32,
    /// Vectors.
    pub embeddings_days: u32,
    /// Jobs that have ended.
    pub jobs_days: u32,
    /// The audit log.
    pub audit_days: u32,
}

/// When to answer.
#[derive(Clone, Debug, Deserialize)]
pub struct AnswerConfig {
    /// The accepted share of wrong automatic answers, 0 to 1.
    pub risk_target: f32,
    /// The accepted share of questions asked back whose options are all wrong, 0 to 1.
    pub clarify_risk_target: f32,
    /// The share of the questions to expect that no entry is for, 0 to 1.
    pub out_of_scope_share: f32,
    /// What a chat client shows above the numbered options when the customer is asked back.
    pub clarify_message: String,
    /// What a chat client shows when a human takes over.
    pub hand_off_message: String,
}

/// What is logged.
#[derive(Clone, Debug, Deserialize)]
pub struct LogConfig {
    /// The form of a line.
    pub format: LogFormat,
    /// A level, or levels by module: what `tracing_subscriber::EnvFilter` parses.
    pub level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Config {
    /// The values in force for this process: `file`, else `yingda.toml` in the working directory if there is one, and
    /// the environment over it.
    ///
    /// # Errors
    /// A `ConfigError` that names the key, the value and where it was written.
    pub fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::from_layers(&Layers::read(file, &[])?)
    }

    /// The values of `layers`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the key, the value and where it was written.
    pub(crate) fn from_layers(layers: &Layers) -> anyhow::Result<Self> {
        let config: Self =
            layers.nested().try_into().context("the checked configuration has another shape")?;
        config.risk_target()?;
        Ok(config)
    }

    /// How the model is loaded.
    ///
    /// # Errors
    /// None for a checked configuration: its device and precision parse.
    pub(crate) fn model_options(&self) -> inference::Result<ModelOptions> {
        let ModelConfig { device, precision, dimension, .. } = &self.model;
        let (device, precision) = (device.parse()?, precision.parse()?);
        Ok(ModelOptions { device, precision, dimension: *dimension, ..ModelOptions::default() })
    }

    /// How the embedder queues, batches and remembers.
    pub(crate) fn embedder_options(&self) -> EmbedderOptions {
        let ModelConfig { workers, pin_workers, queue_capacity, token_budget, cache_capacity, .. } =
            self.model;
        // A checked configuration's device parses.
        let default = EmbedderOptions::for_device(self.model.device.parse().unwrap_or_default());
        let workers = if workers == 0 { default.workers } else { workers };
        let token_budget = if token_budget == 0 { default.token_budget } else { token_budget };
        EmbedderOptions { workers, pinned: pin_workers, queue_capacity, token_budget, cache_capacity }
    }

    /// How the reranker queues and batches.
    pub(crate) fn reranker_options(&self) -> RerankerOptions {
        let RerankerConfig { queue_capacity, token_budget, .. } = self.reranker;
        RerankerOptions { queue_capacity, token_budget, ..RerankerOptions::default() }
    }

    /// The risk from which the thresholds follow.
    ///
    /// # Errors
    /// None for a checked configuration: its shares lie between 0 and 1.
    pub(crate) fn risk_target(&self) -> anyhow::Result<RiskTarget> {
        let AnswerConfig { risk_target, clarify_risk_target, .. } = self.answer;
        RiskTarget::new(risk_target)
            .zip(Probability::new(clarify_risk_target))
            .map(|(target, options)| target.with_options(options))
            .context("a risk target outside 0 to 1 passed the check of the configuration")
    }

    /// How knowledge is built into a snapshot, without the reranker, which has to be loaded: see `models`.
    ///
    /// # Errors
    /// None for a checked configuration: its shares lie between 0 and 1.
    pub(crate) fn build_options(&self) -> anyhow::Result<BuildOptions> {
        Ok(BuildOptions {
            out_of_scope: Probability::new(self.answer.out_of_scope_share)
                .context("a share outside 0 to 1 passed the check of the configuration")?,
            ..BuildOptions::default()
        })
    }
}

fn none_if_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    Ok(Some(usize::deserialize(deserializer)?).filter(|&value| value > 0))
}

fn no_name_if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(Some(String::deserialize(deserializer)?).filter(|name| !name.is_empty()))
}

fn none_if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(Some(PathBuf::deserialize(deserializer)?).filter(|path| !path.as_os_str().is_empty()))
}
