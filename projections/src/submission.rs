//! What comes along with a command: who, from where, and what belongs to it but not in an event.

use std::collections::HashMap;
use std::sync::Arc;

use domain::token::Generation;
use domain::{CommandId, TokenId, UserId, WebhookId};
use sha2::{Digest, Sha256};

use crate::announcement::Subscribers;
use crate::idempotency::IdempotencyKey;
use crate::{Particulars, StoreError};

/// By what right someone acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// A browser session.
    Session,
    /// An API token: exactly this one.
    Token {
        /// Which.
        token_id: TokenId,
        /// Its generation.
        generation: Generation,
    },
    /// The secret URL of a campaign: exactly this one.
    Webhook {
        /// Which.
        webhook_id: WebhookId,
        /// Its generation.
        generation: Generation,
    },
    /// A set-up code.
    Setup,
    /// The command line of the machine.
    CommandLine,
    /// The service itself, finishing what was begun.
    System,
}

impl Via {
    /// The name used in metadata, tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Token { .. } => "token",
            Self::Webhook { .. } => "webhook",
            Self::Setup => "setup",
            Self::CommandLine => "command_line",
            Self::System => "system",
        }
    }

    /// Exactly which token or webhook URL; `None` for any other right.
    pub fn credential_id(&self) -> Option<String> {
        match self {
            Self::Token { token_id, .. } => Some(token_id.to_string()),
            Self::Webhook { webhook_id, .. } => Some(webhook_id.to_string()),
            Self::Session | Self::Setup | Self::CommandLine | Self::System => None,
        }
    }
}

/// Who acted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The user; `None` = nobody in particular.
    pub user_id: Option<UserId>,
    /// By what right.
    pub via: Via,
}

/// Where a command came from: personal, kept beside the event and erasable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Random, so that the digest in the event cannot be guessed back.
    pub salt: [u8; 16],
    /// The client's address.
    pub address: Option<String>,
    /// What the client called itself.
    pub user_agent: Option<String>,
}

impl Origin {
    /// SHA-256 over the salt and both texts, each with its length before it. Absent and empty differ.
    pub fn digest(&self) -> [u8; 32] {
        let mut hasher = Sha256::new().chain_update(self.salt);
        for text in [&self.address, &self.user_agent] {
            match text {
                None => hasher.update([0]),
                Some(text) => {
                    hasher.update([1]);
                    hasher.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
                    hasher.update(text.as_bytes());
                }
            }
        }
        hasher.finalize().into()
    }
}

/// One attempt to change something.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Names the attempt, and tells later whether its commit happened.
    pub command_id: CommandId,
    /// The request it came with, as in the logs.
    pub request_id: String,
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
    /// Ordinary rows to write in the same transaction.
    pub particulars: Option<Particulars>,
    /// Under which the command is done once, however often it is sent.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who is told of what happens.
    pub subscribers: Arc<Subscribers>,
}

impl Submission {
    /// Key of the command's id in an event's metadata.
    pub const COMMAND_ID: &str = "command_id";

    /// What the events keep of the submission. No personal data: ids and a salted digest.
    pub fn metadata(&self) -> HashMap<String, String> {
        let mut metadata = HashMap::from([
            (Self::COMMAND_ID.to_owned(), self.command_id.to_string()),
            ("request_id".to_owned(), self.request_id.clone()),
            ("actor_via".to_owned(), self.actor.via.as_str().to_owned()),
            ("origin_sha256".to_owned(), hex::encode(self.origin.digest())),
        ]);
        if let Some(user_id) = self.actor.user_id {
            metadata.insert("actor_id".to_owned(), user_id.to_string());
        }
        let credential = match self.actor.via {
            Via::Token { token_id, generation } => {
                Some(("token", token_id.to_string(), generation))
            }
            Via::Webhook { webhook_id, generation } => {
                Some(("webhook", webhook_id.to_string(), generation))
            }
            Via::Session | Via::Setup | Via::CommandLine | Via::System => None,
        };
        if let Some((kind, id, generation)) = credential {
            metadata.insert(format!("{kind}_id"), id);
            metadata.insert(format!("{kind}_generation"), generation.to_string());
        }
        metadata
    }
}

impl Actor {
    /// Reads what [`Submission::metadata`] wrote.
    ///
    /// # Errors
    /// `Corrupt` when the metadata names no known way of acting.
    pub fn from_metadata(metadata: &HashMap<String, String>) -> Result<Self, StoreError> {
        let text = |key: &str| {
            metadata.get(key).map(String::as_str).ok_or(format!("event metadata lacks {key}"))
        };
        let via = match text("actor_via").map_err(StoreError::corrupt)? {
            "session" => Via::Session,
            "setup" => Via::Setup,
            "command_line" => Via::CommandLine,
            "system" => Via::System,
            "token" => Via::Token {
                token_id: parse(text("token_id"))?,
                generation: parse(text("token_generation"))?,
            },
            "webhook" => Via::Webhook {
                webhook_id: parse(text("webhook_id"))?,
                generation: parse(text("webhook_generation"))?,
            },
            other => return Err(StoreError::corrupt(format!("unknown actor_via {other:?}"))),
        };
        let user_id = metadata.get("actor_id").map(|id| parse(Ok(id))).transpose()?;
        Ok(Self { user_id, via })
    }
}

fn parse<T: std::str::FromStr>(text: Result<&str, String>) -> Result<T, StoreError>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.map_err(StoreError::corrupt)?.parse().map_err(|error: T::Err| StoreError::corrupt(error))
}
