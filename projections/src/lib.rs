//! Remembers: events in, read models out.
//!
//! [`projector`] says what an event changes, without SQL; [`changes`] writes each change down as one
//! statement that SQLite and PostgreSQL both understand; [`sqlite`] and [`postgres`] own what differs:
//! connections, durability settings, transactions and how a constraint reports itself.
//!
//! **Invariant:** events and everything that the auth path or an auditor reads change in one
//! transaction. No request can see a new event beside an old row.

pub mod announcement;
pub mod audit_history;
pub mod changes;
pub mod deliveries;
pub mod directory;
pub mod error;
pub mod event_store;
pub mod page;
pub mod postgres;
pub mod projector;
pub mod recorded;
pub mod sign_in;
pub mod sql;
pub mod sqlite;
pub mod submission;
pub mod tokens;
pub mod verifier;
mod write;

pub use announcement::{Announcement, Subscriber, Subscribers};
pub use audit_history::{AuditHistory, TokenHistoryEntry};
pub use deliveries::{
    Deliveries, DeliveryEntry, DeliveryFilter, DeliveryStatus, DueDelivery, EventKey, FailedAttempt,
};
pub use directory::{AccountEntry, AccountMember, Directory, UserEntry};
pub use error::StoreError;
pub use event_store::{CommandRepository, EventStore};
pub use page::{Cursor, Page, PageRequest};
pub use sign_in::{Identity, Registration, SignIn};
pub use sql::Sql;
pub use submission::{
    Actor, Enrolment, NewUserProfile, Origin, SetupCode, SetupStep, Submission, Via,
};
pub use tokens::{TokenState, Tokens};
pub use verifier::{Access, LiveToken, Membership, Verifier};

/// Every read model of one database.
pub trait ReadModels: Verifier + Directory + Tokens + AuditHistory + SignIn + Deliveries {}

impl<S: Verifier + Directory + Tokens + AuditHistory + SignIn + Deliveries> ReadModels for S {}

/// One thing that was checked about a database, for people who operate it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, with what was found.
    pub text: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<String>,
}

pub use sqlx::migrate::MigrateError;
