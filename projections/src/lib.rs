//! Remembers: events in, read models out.
//!
//! [`projector`] says what an event changes, without SQL; [`changes`] writes each change down as one
//! statement that SQLite and PostgreSQL both understand; [`sqlite`] and [`postgres`] own what differs:
//! connections, durability settings, transactions and how a constraint reports itself.
//!
//! **Invariant:** events and everything that the auth path or an auditor reads change in one
//! transaction. No request can see a new event beside an old row.

pub mod announcement;
pub mod assistants;
pub mod audit;
pub mod calls;
pub mod campaigns;
pub mod changes;
mod closing;
mod deed;
pub mod deliveries;
pub mod directory;
pub mod erasure;
pub mod error;
pub mod event_store;
pub mod exports;
pub mod health;
pub mod housekeeping;
pub mod idempotency;
pub mod lease;
pub mod log;
pub mod measures;
pub mod page;
pub mod particulars;
mod plain_json;
pub mod postgres;
pub mod projector;
pub mod rebuild;
mod recall;
pub mod recorded;
pub mod replica;
pub mod reports;
pub mod sequencer;
pub mod sign_in;
pub mod sql;
pub mod sqlite;
pub mod submission;
pub mod tokens;
pub mod usage;
pub mod verifier;
pub mod webhooks;
mod write;

pub use announcement::{Announcement, Subscriber, Subscribers};
pub use assistants::{AssistantEntry, Assistants};
pub use audit::actions::{AuditActions, TokenAction};
pub use audit::as_of::{AuditPast, KnownUser, MembershipThen, StateThen, TokenThen};
pub use audit::history::{AuditHistory, TokenHistoryEntry};
pub use audit::overview::{AuditOverview, DayCount};
pub use audit::reads::{AuditRead, AuditReadEntry, AuditReads, ReadFilter};
pub use audit::token_filter::TokenFilter;
pub use audit::tokens::{AuditTokens, TokenDeed, TokenEnd, TokenEntry, TokenStatus};
pub use calls::{CallEntry, Calls};
pub use campaigns::{CampaignEntry, Campaigns, ProspectEntry};
pub use deed::Deed;
pub use deliveries::{
    Deliveries, DeliveryEntry, DeliveryFilter, DeliveryStatus, DueDelivery, EventKey, FailedAttempt,
};
pub use directory::{AccountEntry, AccountMember, Directory, UserEntry};
pub use erasure::Erasure;
pub use error::StoreError;
pub use event_store::{CommandRepository, EventStore};
pub use exports::{ExportedEvent, Exports};
pub use health::{Health, Probe, Standby, StandbyState};
pub use housekeeping::Housekeeping;
pub use idempotency::{FirstOutcome, IdempotencyKey, find_outcome};
pub use lease::Terms;
pub use log::{KeptCheckpoint, Log, LogCount, LoggedEvent, Proof};
pub use page::{Cursor, Page, PageRequest};
pub use particulars::{CallDetails, NewUserProfile, Particulars, SetupCode, SetupStep};
pub use replica::Replica;
pub use reports::{Doer, ReportedCall, ReportedProspect, Reports};
pub use sequencer::{Numbering, Turn};
pub use sign_in::{Identity, Registration, SignIn};
pub use sql::Sql;
pub use submission::{Actor, Origin, Submission, Via};
pub use tokens::{TokenState, Tokens};
pub use usage::{Refusals, Straggler, Usage};
pub use verifier::{Access, LiveToken, Membership, Memberships, Verifier};
pub use webhooks::{LiveWebhook, WebhookState, Webhooks};

/// Every read model of one database.
pub trait ReadModels:
    Verifier
    + Directory
    + Tokens
    + AuditHistory
    + AuditTokens
    + AuditPast
    + AuditActions
    + AuditReads
    + AuditOverview
    + SignIn
    + Assistants
    + Calls
    + Campaigns
    + Reports
    + Webhooks
    + Housekeeping
    + Deliveries
    + Log
    + Erasure
    + Usage
    + Exports
    + Probe
{
}

impl<S> ReadModels for S where
    S: Verifier
        + Directory
        + Tokens
        + AuditHistory
        + AuditTokens
        + AuditPast
        + AuditActions
        + AuditReads
        + AuditOverview
        + AuditOverview
        + AuditTokens
        + AuditPast
        + AuditActions
        + AuditReads
        + AuditOverview
        + AuditOverview
        + SignIn
        + Assistants
        + Calls
        + Campaigns
        + Reports
        + Webhooks
        + Housekeeping
        + Deliveries
        + Log
        + Erasure
        + Usage
        + Exports
        + Probe
{
}

/// One thing that was checked about a database, for people who operate it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, with what was found.
    pub text: String,
    /// What to do about it; `None` when all is well.
    pub remedy: Option<String>,
}

/// Why the tables are not up to date.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// A migration failed, or one that was applied has changed since.
    #[error(transparent)]
    Tables(#[from] sqlx::migrate::MigrateError),
    /// Events that are older than the log could not be numbered.
    #[error("cannot give events their places in the log: {0}")]
    Log(#[from] StoreError),
}

/// Whether exactly the migrations of this version were applied, by version and checksum.
fn is_up_to_date(own: &sqlx::migrate::Migrator, applied: &[(i64, Vec<u8>)]) -> bool {
    let own = own.iter().map(|own| (own.version, &*own.checksum));
    own.eq(applied.iter().map(|(version, checksum)| (*version, checksum.as_slice())))
}
