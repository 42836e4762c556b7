//! A customer's account, who belongs to it, and the assistants that make its calls. Names and phone
//! numbers are not here: they may tell of a person, and live in ordinary tables.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

use crate::{AccountRole, AssistantId, Recall, Recalls, UserId};

/// The aggregate.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Account {
    state: State,
    members: BTreeMap<UserId, AccountRole>,
    assistants: BTreeSet<AssistantId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Unknown,
    Open,
    Closed,
}

/// What can be asked of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountCommand {
    /// Let the account exist, with its first administrator if there is one yet.
    Open {
        /// Becomes a member with the role `admin`.
        first_admin: Option<UserId>,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Make the user a member with this role, or give the member this role.
    PutMember {
        /// Who.
        user_id: UserId,
        /// With which role.
        role: AccountRole,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// End a membership.
    RemoveMember {
        /// Whose.
        user_id: UserId,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Give the account an assistant.
    AddAssistant {
        /// Which.
        assistant_id: AssistantId,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Take an assistant away. It makes no more calls.
    RemoveAssistant {
        /// Which.
        assistant_id: AssistantId,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// End the account. Nobody can act in it any more.
    Close {
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountEvent {
    /// The account exists from now on.
    AccountOpened {
        /// When.
        at: DateTime<Utc>,
    },
    /// A user became a member.
    MemberAdded {
        /// Who.
        user_id: UserId,
        /// With which role.
        role: AccountRole,
        /// When.
        at: DateTime<Utc>,
    },
    /// A member got another role.
    MemberRoleChanged {
        /// Who.
        user_id: UserId,
        /// The new role.
        role: AccountRole,
        /// When.
        at: DateTime<Utc>,
    },
    /// A membership ended.
    MemberRemoved {
        /// Whose.
        user_id: UserId,
        /// When.
        at: DateTime<Utc>,
    },
    /// The account got an assistant.
    AssistantAdded {
        /// Which.
        assistant_id: AssistantId,
        /// When.
        at: DateTime<Utc>,
    },
    /// The account lost an assistant.
    AssistantRemoved {
        /// Which.
        assistant_id: AssistantId,
        /// When.
        at: DateTime<Utc>,
    },
    /// The account ended.
    AccountClosed {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The id is taken.
    #[error("the account id is taken")]
    AlreadyOpened,
    /// There is no such account.
    #[error("there is no such account")]
    NotOpened,
    /// The account ended.
    #[error("the account is closed")]
    Closed,
    /// There is no such membership.
    #[error("the user is not a member of the account")]
    NotAMember,
    /// The account has no such assistant.
    #[error("the account has no such assistant")]
    NoSuchAssistant,
    /// The account has the assistant already.
    #[error("the assistant id is taken")]
    AssistantExists,
}

impl Account {
    fn decide(&self, command: &AccountCommand) -> Result<Vec<AccountEvent>, AccountError> {
        match *command {
            AccountCommand::Open { first_admin, at } => self.open(first_admin, at),
            AccountCommand::PutMember { user_id, role, at } => self.put_member(user_id, role, at),
            AccountCommand::RemoveMember { user_id, at } => {
                self.expect_open()?;
                if !self.members.contains_key(&user_id) {
                    return Err(AccountError::NotAMember);
                }
                Ok(vec![AccountEvent::MemberRemoved { user_id, at }])
            }
            AccountCommand::AddAssistant { assistant_id, at } => {
                self.expect_open()?;
                if self.assistants.contains(&assistant_id) {
                    return Err(AccountError::AssistantExists);
                }
                Ok(vec![AccountEvent::AssistantAdded { assistant_id, at }])
            }
            AccountCommand::RemoveAssistant { assistant_id, at } => {
                self.expect_open()?;
                if !self.assistants.contains(&assistant_id) {
                    return Err(AccountError::NoSuchAssistant);
                }
                Ok(vec![AccountEvent::AssistantRemoved { assistant_id, at }])
            }
            AccountCommand::Close { at } => {
                self.expect_open()?;
                Ok(vec![AccountEvent::AccountClosed { at }])
            }
        }
    }

    fn open(
        &self,
        first_admin: Option<UserId>,
        at: DateTime<Utc>,
    ) -> Result<Vec<AccountEvent>, AccountError> {
        if self.state != State::Unknown {
            return Err(AccountError::AlreadyOpened);
        }
        let mut events = vec![AccountEvent::AccountOpened { at }];
        events.extend(first_admin.map(|user_id| AccountEvent::MemberAdded {
            user_id,
            role: AccountRole::Admin,
            at,
        }));
        Ok(events)
    }

    fn put_member(
        &self,
        user_id: UserId,
        role: AccountRole,
        at: DateTime<Utc>,
    ) -> Result<Vec<AccountEvent>, AccountError> {
        self.expect_open()?;
        Ok(match self.members.get(&user_id) {
            Some(current) if *current == role => vec![],
            Some(_) => vec![AccountEvent::MemberRoleChanged { user_id, role, at }],
            None => vec![AccountEvent::MemberAdded { user_id, role, at }],
        })
    }

    fn expect_open(&self) -> Result<(), AccountError> {
        match self.state {
            State::Unknown => Err(AccountError::NotOpened),
            State::Open => Ok(()),
            State::Closed => Err(AccountError::Closed),
        }
    }
}

impl Recalls for Account {
    const RECALL: Recall = Recall::Every;
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Error = AccountError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        for event in self.decide(&command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            AccountEvent::AccountOpened { .. } => self.state = State::Open,
            AccountEvent::MemberAdded { user_id, role, .. }
            | AccountEvent::MemberRoleChanged { user_id, role, .. } => {
                self.members.insert(user_id, role);
            }
            AccountEvent::MemberRemoved { user_id, .. } => {
                self.members.remove(&user_id);
            }
            AccountEvent::AssistantAdded { assistant_id, .. } => {
                self.assistants.insert(assistant_id);
            }
            AccountEvent::AssistantRemoved { assistant_id, .. } => {
                self.assistants.remove(&assistant_id);
            }
            AccountEvent::AccountClosed { .. } => self.state = State::Closed,
        }
    }
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        match self {
            Self::AccountOpened { .. } => "AccountOpened",
            Self::MemberAdded { .. } => "MemberAdded",
            Self::MemberRoleChanged { .. } => "MemberRoleChanged",
            Self::MemberRemoved { .. } => "MemberRemoved",
            Self::AssistantAdded { .. } => "AssistantAdded",
            Self::AssistantRemoved { .. } => "AssistantRemoved",
            Self::AccountClosed { .. } => "AccountClosed",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
