//! The product: command line and HTTP over one running [`App`].
//!
//! What passes through: `cli` reads the command line and the [`Config`], starts an [`App`] (model,
//! knowledge, snapshot) and hands it to [`http`], which turns requests into [`App::ask`] and errors into replies.
//! Nothing here decides what a question means: that is `answer::decide`.

mod actor;
mod app;
mod backup;
pub mod cli;
mod clock;
pub mod config;
mod demo;
mod error;
pub mod http;
mod labels;
mod models;
mod privacy;
mod profiles;
mod published;
mod recording;
mod reply;
mod security;
mod serving;
mod storage;
pub mod telemetry;
mod trace_id;
mod vectors;

pub use app::{App, DemoInfo};
pub use config::Config;
pub use error::{ApiError, ErrorCode};
pub use reply::{
    AskRequest, AskResponse, ClarifyOption, ConversationState, DecisionKind, EndedConversation, Explanation,
    Reason, StageTimes, Thresholds,
};
pub use serving::Knowledge;
pub use storage::Storage;
pub use trace_id::TraceId;
