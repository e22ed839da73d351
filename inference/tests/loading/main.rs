//! What `load_model` accepts and refuses: folder layouts and configuration forms that must give the same vectors as the
//! parity checkpoints, and damaged or unsupported ones that must be refused by name.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod inputs;
mod layouts;
mod options;
mod refusals;
mod variant;
