//! Which events of the log are wanted.
//!
//! **Invariant:** an event that cannot be read is never left out.

use chrono::{DateTime, Utc};
use domain::UserId;
use projections::{ExportedEvent, LoggedEvent};

use super::facts::Facts;

/// Every type of event that this version writes.
pub const EVENT_TYPES: [&str; 20] = [
    "AccountClosed",
    "AccountOpened",
    "AssistantAdded",
    "AssistantRemoved",
    "CallTriggered",
    "CampaignArchived",
    "CampaignCreated",
    "MemberAdded",
    "MemberRemoved",
    "MemberRoleChanged",
    "PersonalDataErased",
    "ProspectsAdded",
    "TokenGenerated",
    "TokenRegenerated",
    "TokenRevoked",
    "UserLocked",
    "UserRegistered",
    "UserUnlocked",
    "WebhookIssued",
    "WebhookRevoked",
];

/// All of these must hold; without any, every event is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Not earlier than this.
    pub since: Option<DateTime<Utc>>,
    /// Earlier than this.
    pub until: Option<DateTime<Utc>>,
    /// What was done to this user or by this user.
    pub user: Option<UserId>,
    /// Events of this type.
    pub event_type: Option<&'static str>,
}

impl Selection {
    /// Whether every event is wanted.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this event is wanted.
    pub fn takes(&self, event: &ExportedEvent) -> bool {
        if self.is_everything() {
            return true;
        }
        let logged = &event.logged;
        let at = occurred_at(logged);
        let is_in_time = at.is_none_or(|at| {
            self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at < until)
        });
        let is_of_type = self.event_type.is_none_or(|name| logged.event_type == name);
        is_in_time && is_of_type && self.user.is_none_or(|user| concerns(event, user))
    }
}

/// When it happened, as the event says.
pub fn occurred_at(event: &LoggedEvent) -> Option<DateTime<Utc>> {
    let at = event.payload.get(&event.event_type)?.get("at")?.as_str()?;
    DateTime::parse_from_rfc3339(at).ok().map(|at| at.to_utc())
}

fn concerns(event: &ExportedEvent, user: UserId) -> bool {
    event.read().map_or(true, |recorded| {
        recorded.actor.user_id == Some(user) || Facts::of(&recorded.happening).user_id == Some(user)
    })
}
