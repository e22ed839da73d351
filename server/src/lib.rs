//! The product: command line and HTTP over one running [`App`].
//!
//! What passes through: `cli` reads the command line and the [`Config`], starts an [`App`] (model, knowledge,
//! snapshot) and hands it to `http`, which turns requests into [`App::ask`] and errors into [`ApiError`]s. Nothing
//! here decides what a question means: that is `answer::decide`.

mod app;
pub mod cli;
mod clock;
mod config;
mod error;
pub mod http;
mod reply;
pub mod telemetry;

pub use app::{App, DemoInfo};
pub use config::Config;
pub use error::{ApiError, ErrorCode};
pub use reply::{AskRequest, AskResponse, DecisionKind, Explanation, Option as AskOption};
