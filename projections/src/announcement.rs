//! Which events the outside is told of, and who wants to hear which.
//!
//! There is no `_` arm: a new event does not compile until someone has decided whether it is announced.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::{AccountEvent, AccountId, TokenEvent};
use tokio::sync::watch;

use crate::recorded::Happening;

/// A type of event that endpoints can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Announcement {
    /// A token became live where none was.
    TokenGenerated,
    /// A token became live and killed another.
    TokenRegenerated,
    /// A token died without a successor.
    TokenRevoked,
    /// A membership ended.
    MemberRemoved,
}

impl Announcement {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::TokenGenerated, Self::TokenRegenerated, Self::TokenRevoked, Self::MemberRemoved];

    /// The name used in messages, tables and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TokenGenerated => "token.generated",
            Self::TokenRegenerated => "token.regenerated",
            Self::TokenRevoked => "token.revoked",
            Self::MemberRemoved => "member.removed",
        }
    }
}

impl fmt::Display for Announcement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No type of event that endpoints can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such type of event")]
pub struct UnknownAnnouncement;

impl FromStr for Announcement {
    type Err = UnknownAnnouncement;

    fn from_str(text: &str) -> Result<Self, UnknownAnnouncement> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownAnnouncement)
    }
}

/// What is announced of an event, and to whom it may matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// As what.
    pub kind: Announcement,
    /// In which account it happened, if in one.
    pub account_id: Option<AccountId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the outside is told of `happening`, if anything.
pub fn announced(happening: &Happening) -> Option<Announced> {
    match happening {
        Happening::Token(_, event) => Some(of_token(event)),
        Happening::Account(account_id, event) => of_account(*account_id, event),
        Happening::User(..) => None,
    }
}

fn of_token(event: &TokenEvent) -> Announced {
    let (kind, at) = match event {
        TokenEvent::TokenGenerated { at, .. } => (Announcement::TokenGenerated, *at),
        TokenEvent::TokenRegenerated { at, .. } => (Announcement::TokenRegenerated, *at),
        TokenEvent::TokenRevoked { at, .. } => (Announcement::TokenRevoked, *at),
    };
    Announced { kind, account_id: None, at }
}

fn of_account(account_id: AccountId, event: &AccountEvent) -> Option<Announced> {
    match event {
        AccountEvent::MemberRemoved { at, .. } => Some(Announced {
            kind: Announcement::MemberRemoved,
            account_id: Some(account_id),
            at: *at,
        }),
        AccountEvent::AccountOpened { .. }
        | AccountEvent::MemberAdded { .. }
        | AccountEvent::MemberRoleChanged { .. }
        | AccountEvent::AccountClosed { .. } => None,
    }
}

/// An endpoint, as far as the outbox knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscriber {
    /// Names the endpoint in tables.
    pub endpoint: String,
    /// What it is told of.
    pub events: BTreeSet<Announcement>,
    /// In which accounts; `None` = in all, and what happens in none.
    pub accounts: Option<BTreeSet<AccountId>>,
}

impl Subscriber {
    /// Whether the endpoint is told of this.
    pub fn wants(&self, announced: &Announced) -> bool {
        let in_account = match (&self.accounts, announced.account_id) {
            (None, _) => true,
            (Some(accounts), Some(account_id)) => accounts.contains(&account_id),
            (Some(_), None) => false,
        };
        in_account && self.events.contains(&announced.kind)
    }
}

/// Every endpoint there is, and the bell that says that one of them may have something to send.
#[derive(Debug, Default)]
pub struct Subscribers {
    all: Vec<Subscriber>,
    bell: watch::Sender<()>,
}

impl Subscribers {
    /// These.
    pub fn new(all: Vec<Subscriber>) -> Self {
        Self { all, bell: watch::Sender::default() }
    }

    /// The names of those who are told of this.
    pub fn of<'s>(&'s self, announced: &'s Announced) -> impl Iterator<Item = &'s str> {
        let wanting = self.all.iter().filter(|subscriber| subscriber.wants(announced));
        wanting.map(|subscriber| &*subscriber.endpoint)
    }

    /// Says that the outbox may have grown, or something in it become due.
    pub fn ring(&self) {
        if !self.all.is_empty() {
            self.bell.send_replace(());
        }
    }

    /// Hears of every ring from now on.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }
}
