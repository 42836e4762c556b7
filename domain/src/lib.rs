//! Decides: aggregates, commands and events, the token's secret and its digest.
//!
//! Nothing here reads a clock, draws a random number of its own, or knows SQL or HTTP: commands carry
//! the time and the freshly made digest, so every decision can be repeated and tested exactly.
//!
//! **Invariant:** an event never holds a secret or personal data, only opaque ids and digests.

pub mod account;
pub mod call;
pub mod campaign;
pub mod contact;
pub mod id;
pub mod log;
pub mod recall;
pub mod role;
pub mod token;
pub mod user;
pub mod webhook;

pub use account::{Account, AccountCommand, AccountError, AccountEvent};
pub use call::{Call, CallCommand, CallError, CallEvent};
pub use campaign::{Campaign, CampaignCommand, CampaignError, CampaignEvent};
pub use id::{
    AccountId, AssistantId, CallId, CampaignId, CommandId, ProspectId, TokenId, UserId, WebhookId,
};
pub use recall::{Recall, Recalls};
pub use role::{AccountRole, InstanceRole, Permission};
pub use token::{Token, TokenCommand, TokenError, TokenEvent};
pub use user::{User, UserCommand, UserError, UserEvent};
pub use webhook::{Webhook, WebhookCommand, WebhookError, WebhookEvent};
