//! HTTP: requests in, replies out, nothing decided.
//!
//! What passes through: [`serve()`] accepts connections; `router` is the page of all routes; `observe` gives each
//! request its trace id, its log line and its numbers; `limits` refuses what is too much; `body` reads JSON; a handler
//! calls the [`App`](crate::App). Errors become replies in `crate::error` and nowhere else.

mod ask;
mod body;
mod chat_completions;
mod chat_format;
mod conversations;
mod docs;
mod embeddings;
mod embeddings_format;
mod examples;
mod headers;
mod health;
mod limits;
mod metrics;
mod models;
mod observe;
mod openai;
mod page;
mod router;
mod serve;

pub use router::{router, routes};
pub use serve::{EndSignals, run, serve};
