//! A person, as far as access is concerned. Name, e-mail and password are not here: they are
//! personal data, and live in ordinary tables.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use cqrs_es::event_sink::EventSink;
use cqrs_es::{Aggregate, DomainEvent};
use serde::{Deserialize, Serialize};

use crate::{InstanceRole, Recall, Recalls};

/// The aggregate. Its id is the user's id.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct User {
    registered: bool,
    locked: bool,
    erased: bool,
}

/// What can be asked of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserCommand {
    /// Let the user exist.
    Register {
        /// Roles across the instance.
        roles: BTreeSet<InstanceRole>,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Shut the user out.
    Lock {
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Let the user in again.
    Unlock {
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Forget who the user is. What the user did stays, under an id that means nobody.
    Erase {
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// What happened to a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UserEvent {
    /// The user exists from now on.
    UserRegistered {
        /// Roles across the instance.
        roles: BTreeSet<InstanceRole>,
        /// When.
        at: DateTime<Utc>,
    },
    /// The user was shut out.
    UserLocked {
        /// When.
        at: DateTime<Utc>,
    },
    /// The user was let in again.
    UserUnlocked {
        /// When.
        at: DateTime<Utc>,
    },
    /// Everything that told who the user is was erased, for ever. The user stays locked.
    PersonalDataErased {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UserError {
    /// The id is taken.
    #[error("the user is already registered")]
    AlreadyRegistered,
    /// There is no such user.
    #[error("there is no such user")]
    NotRegistered,
    /// Someone who can still sign in is not erased.
    #[error("the user is not locked")]
    NotLocked,
    /// Nobody is left to let in.
    #[error("the user's personal data was erased")]
    Erased,
}

impl User {
    fn decide(&self, command: UserCommand) -> Result<Option<UserEvent>, UserError> {
        match command {
            UserCommand::Register { .. } if self.registered => Err(UserError::AlreadyRegistered),
            UserCommand::Register { roles, at } => {
                Ok(Some(UserEvent::UserRegistered { roles, at }))
            }
            UserCommand::Lock { .. } | UserCommand::Unlock { .. } | UserCommand::Erase { .. }
                if !self.registered =>
            {
                Err(UserError::NotRegistered)
            }
            UserCommand::Lock { at } => Ok((!self.locked).then_some(UserEvent::UserLocked { at })),
            UserCommand::Unlock { .. } if self.erased => Err(UserError::Erased),
            UserCommand::Unlock { at } => Ok(self.locked.then_some(UserEvent::UserUnlocked { at })),
            UserCommand::Erase { .. } if !self.locked => Err(UserError::NotLocked),
            UserCommand::Erase { at } => {
                Ok((!self.erased).then_some(UserEvent::PersonalDataErased { at }))
            }
        }
    }
}

impl Recalls for User {
    const RECALL: Recall = Recall::Every;
}

impl Aggregate for User {
    const TYPE: &'static str = "user";
    type Command = UserCommand;
    type Event = UserEvent;
    type Error = UserError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            UserEvent::UserRegistered { .. } => self.registered = true,
            UserEvent::UserLocked { .. } => self.locked = true,
            UserEvent::UserUnlocked { .. } => self.locked = false,
            UserEvent::PersonalDataErased { .. } => self.erased = true,
        }
    }
}

impl DomainEvent for UserEvent {
    fn event_type(&self) -> String {
        match self {
            Self::UserRegistered { .. } => "UserRegistered",
            Self::UserLocked { .. } => "UserLocked",
            Self::UserUnlocked { .. } => "UserUnlocked",
            Self::PersonalDataErased { .. } => "PersonalDataErased",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}
