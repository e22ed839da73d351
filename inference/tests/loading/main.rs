//! What `load_model` accepts and refuses: folder layouts and configuration forms that must give the same vectors as the
//! parity checkpoints, and damaged or unsupported ones that must be refused by name.

mod inputs;
mod layouts;
mod options;
mod refusals;
mod variant;
