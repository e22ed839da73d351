//! Every promise of the store, on both engines.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail the test")]

mod archive;
mod audit;
mod cells;
mod checking;
mod concurrency;
mod contacts;
mod conversations;
mod encryption;
mod events;
mod indexes;
mod jobs;
mod keys;
mod knowledge;
mod lived_in;
mod messages;
mod model;
mod opening;
mod outbox;
mod personal;
mod receipts;
mod records;
mod retention;
mod settings;
mod support;
