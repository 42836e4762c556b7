//! What comes along with a command: who, from where, and the ordinary rows that belong to it.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::token::Generation;
use domain::{AccountId, CommandId, TokenId, UserId};
use sha2::{Digest, Sha256};

use crate::StoreError;
use crate::announcement::Subscribers;

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
            Self::Setup => "setup",
            Self::CommandLine => "command_line",
            Self::System => "system",
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
    pub enrolment: Option<Enrolment>,
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
        if let Via::Token { token_id, generation } = self.actor.via {
            metadata.insert("token_id".to_owned(), token_id.to_string());
            metadata.insert("token_generation".to_owned(), generation.to_string());
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

/// Ordinary rows that must appear together with an event, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// The person behind a user that is being registered.
    User(NewUserProfile),
    /// The name of an account that is being opened.
    Account {
        /// Which.
        account_id: AccountId,
        /// As people read it.
        name: String,
    },
}

/// The person behind a new user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUserProfile {
    /// Whose.
    pub user_id: UserId,
    /// Lower case.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// argon2id in PHC text form; `None` = chosen later with a set-up code.
    pub password_hash: Option<String>,
    /// The first user of the installation, of whom there is one.
    pub is_founder: bool,
    /// What happens to set-up codes.
    pub setup: SetupStep,
}

/// A single-use code by which someone chooses a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupCode {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// The invited user; `None` = whoever becomes the first user.
    pub user_id: Option<UserId>,
    /// Refused from then on.
    pub expires_at: DateTime<Utc>,
}

/// What a registration does with set-up codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupStep {
    /// Nothing: the password is known.
    None,
    /// Issue one for the new user.
    Issue(SetupCode),
    /// Use up the one that allowed this registration.
    Redeem {
        /// SHA-256 of the code.
        digest: [u8; 32],
        /// Now; a code is refused from its expiry on.
        at: DateTime<Utc>,
    },
}
