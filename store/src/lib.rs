//! Rows: nothing lost, nothing doubled. The only SQL of the project.
//!
//! A [`Store`] is an SQLite file or a PostgreSQL database; both get the same statements. Every kind of row has its file
//! here, with its records and with the functions that read and write them. What is acknowledged is durable: a power cut
//! after a write has returned does not undo it. What is repeated is stored once: messages carry a key that is unique in
//! their channel, and every other write can be recognised by its identifiers. Whatever belongs together (a message, its
//! place in the conversation, its event, its place in the outbox) is one transaction.
//!
//! Nothing here knows what is said: bodies and everything personal arrive as [`Sealed`], and are stored only while their
//! key is current ([`Error::KeyNotCurrent`]). Nothing here reads a clock or
//! makes an identifier: both are passed in.

mod archive;
mod audit;
mod cells;
mod check;
mod consents;
mod contacts;
mod conversations;
mod counters;
mod embeddings;
mod engine;
mod entries;
mod erasure;
mod error;
mod events;
mod fence;
mod hand_off;
mod identifiers;
mod indexes;
mod jobs;
mod keys;
mod knowledge_bases;
mod labels;
mod messages;
mod migrations;
mod outbox;
mod personal;
mod profiles;
mod receipts;
mod replies;
mod retention;
mod sealed;
mod settings;
mod store;
mod timestamp;
mod versions;
mod words;

pub use archive::{ArchiveHeader, Manifest, TableSummary};
pub use audit::{Act, AuditEntry, AuditHead, AuditState};
pub use cells::{Cell, CellCursor, SealedCell};
pub use consents::{Consent, ConsentStatement};
pub use contacts::{ChannelIdentity, Contact, Everybody, NewIdentity};
pub use conversations::{Conversation, NewConversation, Owner, Status};
pub use embeddings::ContentHash;
pub use entries::{Entry, NewEntry, PhrasingKind};
pub use erasure::{Held, RowCount};
pub use error::{Error, Result};
pub use events::{Event, EventKind, EventPage};
pub use hand_off::{HandOff, Handling};
pub use identifiers::{
    AgentId, ConsentId, ContactId, ConversationId, JobId, KnowledgeBaseId, LabelId, MessageId,
};
pub use indexes::IndexedCell;
pub use jobs::{Job, JobState, NewJob, Progress};
pub use keys::{Key, KeyId, KeyPurpose, KeyState};
pub use knowledge_bases::KnowledgeBase;
pub use labels::Label;
pub use messages::{Author, Ingested, Message, NewMessage};
pub use outbox::{Attempted, Claim, ClaimRequest, DeliveryState, OutboxEntry};
pub use personal::{PersonalConversation, PersonalRecord};
pub use profiles::ProfileChange;
pub use receipts::DecisionReceipt;
pub use replies::{AgentMessage, BotReply, Delivery, Said};
pub use retention::{DataClass, Forgotten};
pub use sealed::{BlindIndex, DedupeKey, Sealed, Wrapped};
pub use settings::{Setting, SettingValue};
pub use store::{Location, Store};
pub use timestamp::Timestamp;
pub use versions::{Version, VersionContent, VersionLabel};
