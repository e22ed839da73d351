//! What `load_model` and `load_cross_encoder` accept and refuse: folder layouts and configuration forms that must give
//! the same numbers as the parity checkpoints, and damaged or unsupported ones that must be refused by name.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod cross_encoders;
mod inputs;
mod layouts;
mod options;
mod refusals;
mod variant;
