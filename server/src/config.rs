//! The configuration: read once at the start, validated, then handed down by reference.
//!
//! Its defaults are the commented file `yingda.toml`, compiled in. [`Config::load`] lays the operator's file, the
//! environment and command-line options over it, and refuses keys and values that it does not know before anything
//! else happens.

mod error;
mod expected;
mod layers;
mod nearest;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use answer::{AnswerPolicy, DecideOptions, FusionWeights, Probability};
use anyhow::Context as _;
use serde::{Deserialize, Deserializer};

pub(crate) use self::error::ConfigError;
pub(crate) use self::layers::{Layers, Origin, Override, Setting};

/// The commented file with every key at its default.
pub(crate) const DEFAULT_FILE: &str = include_str!("../yingda.toml");

/// Every setting, by section. Values are in range: see `config/expected.rs`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) model: ModelConfig,
    pub(crate) knowledge: KnowledgeConfig,
    pub(crate) answer: AnswerConfig,
    pub(crate) log: LogConfig,
}

/// The HTTP service.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ServerConfig {
    pub(crate) address: SocketAddr,
    pub(crate) max_body_bytes: usize,
    pub(crate) max_in_flight: usize,
    pub(crate) request_timeout_ms: u64,
    pub(crate) shutdown_timeout_ms: u64,
}

/// Which model computes vectors, and how.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ModelConfig {
    /// A folder's name in [`folder`](Self::folder), or a path when it contains a separator.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    /// What `inference::DeviceChoice` parses.
    pub(crate) device: String,
    /// `None` keeps the model's own dimension.
    #[serde(deserialize_with = "none_if_zero")]
    pub(crate) dimension: Option<usize>,
    /// 0 leaves the choice to the program.
    pub(crate) workers: usize,
    pub(crate) queue_capacity: usize,
    pub(crate) token_budget: usize,
    pub(crate) cache_capacity: usize,
}

/// What is answered from.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct KnowledgeConfig {
    /// `None` is the built-in demo shop.
    #[serde(deserialize_with = "none_if_empty")]
    pub(crate) path: Option<PathBuf>,
}

/// When to answer. Thresholds are 0 to 1, weights at or above 0.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AnswerConfig {
    pub(crate) answer_at: f32,
    pub(crate) clarify_at: f32,
    pub(crate) lexical_weight: f32,
    pub(crate) dense_answer_weight: f32,
    pub(crate) lexical_answer_weight: f32,
    pub(crate) negative_weight: f32,
}

/// What is logged.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LogConfig {
    pub(crate) format: LogFormat,
    /// A level, or levels by module: what `tracing_subscriber::EnvFilter` parses.
    pub(crate) level: String,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
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
    /// A [`ConfigError`] that names the key, the value and where it was written.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        Self::from_layers(&Layers::read(file, &[])?)
    }

    /// The values of `layers`.
    ///
    /// # Errors
    /// A [`ConfigError`] that names the key, the value and where it was written.
    pub(crate) fn from_layers(layers: &Layers) -> anyhow::Result<Self> {
        let config: Self = layers.nested().try_into().context("the checked configuration has another shape")?;
        config.decide_options()?;
        Ok(config)
    }

    /// How questions are decided.
    ///
    /// # Errors
    /// [`ConfigError::Thresholds`] when `clarify_at` lies above `answer_at`.
    pub(crate) fn decide_options(&self) -> Result<DecideOptions, ConfigError> {
        let AnswerConfig { answer_at, clarify_at, .. } = self.answer;
        let policy = Probability::new(answer_at)
            .zip(Probability::new(clarify_at))
            .and_then(|(answer_at, clarify_at)| AnswerPolicy::new(answer_at, clarify_at).ok())
            .ok_or(ConfigError::Thresholds { answer_at, clarify_at })?;
        Ok(DecideOptions { policy, weights: self.answer.weights() })
    }
}

impl AnswerConfig {
    fn weights(&self) -> FusionWeights {
        FusionWeights {
            lexical: self.lexical_weight,
            dense_answer: self.dense_answer_weight,
            lexical_answer: self.lexical_answer_weight,
            negative: self.negative_weight,
            ..FusionWeights::HYBRID
        }
    }
}

fn none_if_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    Ok(Some(usize::deserialize(deserializer)?).filter(|&value| value > 0))
}

fn none_if_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    Ok(Some(PathBuf::deserialize(deserializer)?).filter(|path| !path.as_os_str().is_empty()))
}
