//! Which events the outside is told of, and who wants to hear which.
//!
//! There is no `_` arm: a new event does not compile until someone has decided whether it is announced.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use domain::{AccountEvent, AccountId, CallEvent, CampaignEvent, CampaignId, TokenEvent};
use tokio::sync::watch;

use crate::recorded::Happening;

/// A type of event that endpoints can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Announcement {
    /// An assistant was asked to call someone.
    CallTriggered,
    /// Records came in to a campaign.
    ProspectsAdded,
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
    pub const ALL: [Self; 6] = [
        Self::CallTriggered,
        Self::ProspectsAdded,
        Self::TokenGenerated,
        Self::TokenRegenerated,
        Self::TokenRevoked,
        Self::MemberRemoved,
    ];

    /// The name used in messages, tables and settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallTriggered => "call.triggered",
            Self::ProspectsAdded => "prospects.added",
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

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In no account.
    Nowhere,
    /// In this account.
    Account(AccountId),
    /// In the account of this campaign.
    Campaign(CampaignId),
}

/// What is announced of an event, and to whom it may matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// As what.
    pub kind: Announcement,
    /// Where it happened.
    pub place: Place,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the outside is told of `happening`, if anything.
pub fn announced(happening: &Happening) -> Option<Announced> {
    match happening {
        Happening::Token(_, event) => Some(of_token(event)),
        Happening::Account(account_id, event) => of_account(*account_id, event),
        Happening::Call(_, CallEvent::CallTriggered { account_id, at, .. }) => Some(Announced {
            kind: Announcement::CallTriggered,
            place: Place::Account(*account_id),
            at: *at,
        }),
        Happening::Campaign(campaign_id, event) => of_campaign(*campaign_id, event),
        Happening::User(..) | Happening::Webhook(..) => None,
    }
}

fn of_token(event: &TokenEvent) -> Announced {
    let (kind, at) = match event {
        TokenEvent::TokenGenerated { at, .. } => (Announcement::TokenGenerated, *at),
        TokenEvent::TokenRegenerated { at, .. } => (Announcement::TokenRegenerated, *at),
        TokenEvent::TokenRevoked { at, .. } => (Announcement::TokenRevoked, *at),
    };
    Announced { kind, place: Place::Nowhere, at }
}

fn of_account(account_id: AccountId, event: &AccountEvent) -> Option<Announced> {
    match event {
        AccountEvent::MemberRemoved { at, .. } => Some(Announced {
            kind: Announcement::MemberRemoved,
            place: Place::Account(account_id),
            at: *at,
        }),
        AccountEvent::AccountOpened { .. }
        | AccountEvent::MemberAdded { .. }
        | AccountEvent::MemberRoleChanged { .. }
        | AccountEvent::AssistantAdded { .. }
        | AccountEvent::AssistantRemoved { .. }
        | AccountEvent::AccountClosed { .. } => None,
    }
}

fn of_campaign(campaign_id: CampaignId, event: &CampaignEvent) -> Option<Announced> {
    match event {
        CampaignEvent::ProspectsAdded { at, .. } => Some(Announced {
            kind: Announcement::ProspectsAdded,
            place: Place::Campaign(campaign_id),
            at: *at,
        }),
        CampaignEvent::CampaignCreated { .. } | CampaignEvent::CampaignArchived { .. } => None,
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

    /// Those who are told of this, in some account at least.
    pub fn of(&self, kind: Announcement) -> impl Iterator<Item = &Subscriber> {
        self.all.iter().filter(move |subscriber| subscriber.events.contains(&kind))
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
