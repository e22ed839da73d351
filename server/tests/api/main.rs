//! The HTTP interface, from the outside: a real router on a real port over a small shop.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test stops at the first thing that is not as expected"
)]

mod ask;
mod bad_input;
mod canaries;
mod chat;
mod conversation;
mod documentation;
mod embeddings;
mod encoder;
mod harness;
mod limits;
mod operation;
mod page;
mod published;
mod real_model;
mod reply;
mod shop;
mod shutdown;
