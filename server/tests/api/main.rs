//! The HTTP interface, from the outside: a real router on a real port over a small shop.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test stops at the first thing that is not as expected"
)]

mod ask;
mod bad_input;
mod chat;
mod conversation;
mod database;
mod documentation;
mod embeddings;
mod encoder;
mod harness;
mod limits;
mod operation;
mod page;
#[path = "../../../store/tests/store/support/postgres_server.rs"]
mod postgres_server;
mod published;
mod real_model;
mod reply;
mod shop;
mod shutdown;
mod tampering;
