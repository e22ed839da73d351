//! A customer's question becomes a [`Decision`] over one immutable [`KnowledgeSnapshot`].
//!
//! What passes through: entries are read ([`read_knowledge`]) and checked ([`check_knowledge`]), then a snapshot is
//! built from them once ([`KnowledgeSnapshot::build`]) and shared; every question goes through [`decide()`], whoever asks.
//! Evaluation, command line, HTTP and channels all call that one function, so what is measured is what is served.
//!
//! Nothing here reads a clock, a socket or a database: time comes in with the [`Question`]. Similarities stay inside;
//! what leaves is a [`Probability`].

mod check;
mod decide;
mod decision;
mod entry;
mod error;
mod fusion;
#[cfg_attr(not(test), expect(dead_code, reason = "wired into decide next"))]
mod guard;
mod lexical;
mod normalize;
#[cfg_attr(not(test), expect(dead_code, reason = "wired into decide next"))]
mod other_topics;
mod policy;
mod probability;
mod question;
mod records;
mod retrieve;
mod snapshot;
mod terms;

pub use check::{Finding, Severity, check_knowledge};
pub use decide::{DecideOptions, decide};
pub use decision::{Candidate, Decided, Decision, HandOffReason, Stages};
pub use entry::FaqEntry;
pub use error::{Error, Result};
pub use fusion::FusionWeights;
pub use normalize::normalize;
pub use policy::AnswerPolicy;
pub use probability::Probability;
pub use question::{Question, QuestionProblem};
pub use records::{parse_records, read_knowledge, write_knowledge};
pub use snapshot::{BuildOptions, KnowledgeSnapshot};
