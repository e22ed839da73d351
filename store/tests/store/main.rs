//! Every promise of the store, on both engines.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail the test")]

mod audit;
mod cells;
mod checking;
mod concurrency;
mod contacts;
mod conversations;
mod encryption;
mod events;
mod jobs;
mod keys;
mod knowledge;
mod messages;
mod model;
mod opening;
mod outbox;
mod receipts;
mod records;
mod settings;
mod support;
