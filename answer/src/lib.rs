//! A customer's question becomes a [`Decision`] over one immutable [`KnowledgeSnapshot`].
//!
//! What passes through: entries are read ([`read_knowledge`]) and checked ([`check_knowledge`]), then a snapshot is
//! built from them once ([`KnowledgeSnapshot::build`]), calibrated on its own phrasings ([`Calibration`]), and shared;
//! every question goes through [`decide()`], whoever asks. Evaluation, command line, HTTP and channels all call that one
//! function, so what is measured is what is served.
//!
//! Nothing here reads a clock, a socket or a database: time comes in with the [`Question`]. Similarities stay inside;
//! what others may act on is a [`Probability`].

mod calibrate;
mod centroid;
mod check;
mod decide;
mod decision;
mod desk;
mod entry;
mod error;
mod evidence;
mod features;
mod fusion;
mod guard;
mod lexical;
mod neighborhood;
mod normalize;
mod other_topics;
mod policy;
mod probability;
mod question;
mod ranking;
mod records;
mod reranking;
mod retrieve;
mod risk_target;
mod snapshot;
mod terms;
mod topic_index;
mod version;
mod vocabulary;

pub use calibrate::{
    BandForecast, Belief, BeliefSample, Calibration, CalibrationReport, FitSample, Label, LabelSource,
    NamedWeight, Penalty, Truth, Weights,
};
pub use check::{Finding, Severity, check_knowledge};
pub use decide::decide;
pub use decision::{Candidate, Decided, Decision, Guard, HandOffReason, Stages};
pub use entry::FaqEntry;
pub use error::{Error, Result};
pub use features::{FEATURE_COUNT, FEATURE_NAMES, Features};
pub use fusion::FusionWeights;
pub use normalize::normalize;
pub use policy::{AnswerPolicy, Band};
pub use probability::Probability;
pub use question::{Question, QuestionProblem};
pub use records::{parse_records, read_knowledge, write_knowledge};
pub use reranking::Reranking;
pub use risk_target::RiskTarget;
pub use snapshot::{BuildOptions, KnowledgeSnapshot};
