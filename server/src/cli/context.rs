//! What every verb works from: the global options, and what they lead to.

use std::path::PathBuf;

use anyhow::Context as _;
use tokio::runtime::Runtime;

use super::output::Output;
use crate::{
    config::{Config, Layers, Origin, Override},
    telemetry,
};

/// The global options.
pub(super) struct Context {
    pub(super) config_file: Option<PathBuf>,
    pub(super) log_level: Option<String>,
    pub(super) output: Output,
}

/// What a verb's log is for, which decides how much it says by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogPurpose {
    /// The log of a service: the configured level.
    Service,
    /// Beside the results of a command: warnings and errors, unless a level was asked for.
    Command,
}

impl Context {
    /// Every setting and where it comes from; `overrides` are the verb's own options.
    ///
    /// # Errors
    /// [`ConfigError`](crate::config::ConfigError).
    pub(super) fn layers(&self, overrides: &[Override]) -> anyhow::Result<Layers> {
        let level = option("--log-level", "log.level", self.log_level.as_ref());
        let overrides: Vec<Override> = overrides.iter().cloned().chain(level).collect();
        Ok(Layers::read(self.config_file.as_deref(), &overrides)?)
    }

    /// The configuration in force; starts the log.
    ///
    /// # Errors
    /// [`ConfigError`](crate::config::ConfigError), or when the log cannot be started.
    pub(super) fn start(&self, purpose: LogPurpose, overrides: &[Override]) -> anyhow::Result<Config> {
        let layers = self.layers(overrides)?;
        let mut config = Config::from_layers(&layers)?;
        if layers.origin("log.level") == Some(&Origin::Default) {
            config.log.level = self.default_level(purpose, config.log.level);
        }
        telemetry::init(&config.log)?;
        Ok(config)
    }

    /// The threads that serve and wait. One per verb.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub(super) fn runtime() -> anyhow::Result<Runtime> {
        Runtime::new().context("cannot start the runtime's threads")
    }

    fn default_level(&self, purpose: LogPurpose, configured: String) -> String {
        match (purpose, self.output.quiet) {
            (LogPurpose::Service, false) => configured,
            (LogPurpose::Service, true) | (LogPurpose::Command, false) => "warn".to_owned(),
            (LogPurpose::Command, true) => "error".to_owned(),
        }
    }
}

/// The override that a given command-line option makes.
pub(super) fn option(
    option: &'static str,
    key: &'static str,
    value: Option<&impl ToString>,
) -> Option<Override> {
    value.map(|value| Override { option, key, value: value.to_string() })
}
