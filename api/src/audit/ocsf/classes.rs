//! Which class and activity of the schema each event is.

use domain::account::AccountEvent;
use domain::campaign::CampaignEvent;
use domain::token::RevocationReason;
use domain::{AccountId, CallEvent, CampaignId, TokenEvent, UserEvent, UserId, WebhookEvent};
use projections::recorded::Happening;
use serde_json::{Map, Value, json};

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// As every day.
    Informational,
    /// Someone was shut out.
    Low,
    /// A token was given up by whoever held it, as one does with a leaked one.
    Medium,
}

impl Severity {
    pub(super) const fn id(self) -> u64 {
        match self {
            Self::Informational => 1,
            Self::Low => 2,
            Self::Medium => 3,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Informational => "Informational",
            Self::Low => "Low",
            Self::Medium => "Medium",
        }
    }
}

/// A class with an activity, and the attributes that only it has.
#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) uid: u64,
    pub(super) name: &'static str,
    pub(super) activity_id: u64,
    /// `None` where the schema has none: then it is the event's type.
    pub(super) activity_name: Option<&'static str>,
    pub(super) severity: Severity,
    pub(super) attributes: Map<String, Value>,
}

const ACCOUNT_CHANGE: (u64, &str) = (3001, "Account Change");
const ENTITY_MANAGEMENT: (u64, &str) = (3004, "Entity Management");
const USER_ACCESS: (u64, &str) = (3005, "User Access Management");
const GROUP_MANAGEMENT: (u64, &str) = (3006, "Group Management");
const API_ACTIVITY: (u64, &str) = (6003, "API Activity");
const BASE_EVENT: (u64, &str) = (0, "Base Event");

/// Of a managed entity.
const CREATE: (u64, &str) = (1, "Create");
const UPDATE: (u64, &str) = (3, "Update");
const DELETE: (u64, &str) = (4, "Delete");
const DISABLE: (u64, &str) = (9, "Disable");

const OTHER: u64 = 99;

impl Class {
    /// Of an event that is not known here.
    pub(super) fn base() -> Self {
        let (uid, name) = BASE_EVENT;
        Self {
            uid,
            name,
            activity_id: OTHER,
            activity_name: None,
            severity: Severity::Informational,
            attributes: Map::new(),
        }
    }

    /// Of this event.
    pub(super) fn of(happening: &Happening) -> Self {
        match happening {
            Happening::Token(user_id, event) => of_token(*user_id, event),
            Happening::User(user_id, event) => of_user(*user_id, event),
            Happening::Account(account_id, event) => of_account(*account_id, event),
            Happening::Call(call_id, event) => {
                let CallEvent::CallTriggered { account_id, .. } = event;
                let call = json!({ "uid": call_id.to_string(), "type": "Call" });
                let account = json!({ "uid": account_id.to_string(), "type": "Account" });
                Self::new(API_ACTIVITY, CREATE, [("resources", json!([call, account]))])
            }
            Happening::Campaign(campaign_id, event) => of_campaign(*campaign_id, event),
            Happening::Webhook(campaign_id, event) => of_webhook(*campaign_id, event),
        }
    }

    fn new<const N: usize>(
        (uid, name): (u64, &'static str),
        (activity_id, activity_name): (u64, &'static str),
        attributes: [(&str, Value); N],
    ) -> Self {
        let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
        Self {
            uid,
            name,
            activity_id,
            activity_name: Some(activity_name),
            severity: Severity::Informational,
            attributes: Map::from_iter(attributes),
        }
    }

    fn severe(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(super) const fn is_api_activity(&self) -> bool {
        self.uid == API_ACTIVITY.0
    }

    pub(super) const fn category_uid(&self) -> u64 {
        self.uid / 1000
    }

    pub(super) const fn category_name(&self) -> &'static str {
        match self.category_uid() {
            3 => "Identity & Access Management",
            6 => "Application Activity",
            _uncategorized => "Uncategorized",
        }
    }
}

fn user(user_id: UserId) -> Value {
    json!({ "uid": user_id.to_string(), "type_id": 1, "type": "User" })
}

/// What is managed, of a kind that the schema has no number for.
fn entity(kind: &str, id: &impl ToString, owner: Option<UserId>) -> Value {
    let mut entity = json!({ "uid": id.to_string(), "type_id": OTHER, "type": kind });
    if let (Some(owner), Some(entity)) = (owner, entity.as_object_mut()) {
        entity.insert("user".to_owned(), user(owner));
    }
    entity
}

fn of_token(owner: UserId, event: &TokenEvent) -> Class {
    let token = |id| entity("API token", id, Some(owner));
    match event {
        TokenEvent::TokenGenerated { token_id, .. } => {
            Class::new(ENTITY_MANAGEMENT, CREATE, [("entity", token(token_id))])
        }
        TokenEvent::TokenRegenerated { token_id, invalidated_token_id, .. } => Class::new(
            ENTITY_MANAGEMENT,
            UPDATE,
            [("entity", token(invalidated_token_id)), ("entity_result", token(token_id))],
        ),
        TokenEvent::TokenRevoked { token_id, reason, .. } => {
            let severity = match reason {
                RevocationReason::Bearer => Severity::Medium,
                RevocationReason::Administrator | RevocationReason::UserLocked => Severity::Low,
                RevocationReason::Owner => Severity::Informational,
            };
            let attributes = [("entity", token(token_id)), ("comment", reason.as_str().into())];
            Class::new(ENTITY_MANAGEMENT, DELETE, attributes).severe(severity)
        }
    }
}

fn of_user(user_id: UserId, event: &UserEvent) -> Class {
    let change = |activity| Class::new(ACCOUNT_CHANGE, activity, [("user", user(user_id))]);
    match event {
        UserEvent::UserRegistered { roles, .. } => {
            let mut user = user(user_id);
            let group = |role: &domain::InstanceRole| json!({ "name": role.as_str() });
            let groups: Vec<_> = roles.iter().map(group).collect();
            if let (false, Some(user)) = (groups.is_empty(), user.as_object_mut()) {
                user.insert("groups".to_owned(), groups.into());
            }
            Class::new(ACCOUNT_CHANGE, CREATE, [("user", user)])
        }
        UserEvent::UserLocked { .. } => change((9, "Lock")).severe(Severity::Low),
        UserEvent::UserUnlocked { .. } => change((12, "Unlock")),
        UserEvent::PersonalDataErased { .. } => change((6, "Delete")),
    }
}

fn of_account(account_id: AccountId, event: &AccountEvent) -> Class {
    let account = || json!({ "uid": account_id.to_string(), "type_id": 4, "type": "Organization" });
    let assistant = |activity, id| {
        Class::new(ENTITY_MANAGEMENT, activity, [("entity", entity("Assistant", id, None))])
    };
    let group = || json!({ "uid": account_id.to_string(), "type": "Account" });
    match event {
        AccountEvent::AccountOpened { .. } => {
            Class::new(ENTITY_MANAGEMENT, CREATE, [("entity", account())])
        }
        AccountEvent::AccountClosed { .. } => {
            Class::new(ENTITY_MANAGEMENT, DELETE, [("entity", account())])
        }
        AccountEvent::MemberAdded { user_id, role, .. } => Class::new(
            GROUP_MANAGEMENT,
            (3, "Add User"),
            [("group", group()), ("user", user(*user_id)), ("privileges", json!([role.as_str()]))],
        ),
        AccountEvent::MemberRoleChanged { user_id, role, .. } => Class::new(
            USER_ACCESS,
            (1, "Assign Privileges"),
            [
                ("user", user(*user_id)),
                ("privileges", json!([role.as_str()])),
                ("resources", json!([{ "uid": account_id.to_string(), "type": "Account" }])),
            ],
        ),
        AccountEvent::MemberRemoved { user_id, .. } => Class::new(
            GROUP_MANAGEMENT,
            (4, "Remove User"),
            [("group", group()), ("user", user(*user_id))],
        ),
        AccountEvent::AssistantAdded { assistant_id, .. } => assistant(CREATE, assistant_id),
        AccountEvent::AssistantRemoved { assistant_id, .. } => assistant(DELETE, assistant_id),
    }
}

fn of_campaign(campaign_id: CampaignId, event: &CampaignEvent) -> Class {
    let campaign = entity("Campaign", &campaign_id, None);
    let activity = match event {
        CampaignEvent::CampaignCreated { .. } => CREATE,
        CampaignEvent::ProspectsAdded { .. } => UPDATE,
        CampaignEvent::CampaignArchived { .. } => DISABLE,
    };
    Class::new(ENTITY_MANAGEMENT, activity, [("entity", campaign)])
}

fn of_webhook(campaign_id: CampaignId, event: &WebhookEvent) -> Class {
    let url = |id| entity("Webhook URL", id, None);
    let class = match event {
        WebhookEvent::WebhookIssued { webhook_id, invalidated_webhook_id: None, .. } => {
            Class::new(ENTITY_MANAGEMENT, CREATE, [("entity", url(webhook_id))])
        }
        WebhookEvent::WebhookIssued { webhook_id, invalidated_webhook_id: Some(old), .. } => {
            let attributes = [("entity", url(old)), ("entity_result", url(webhook_id))];
            Class::new(ENTITY_MANAGEMENT, UPDATE, attributes)
        }
        WebhookEvent::WebhookRevoked { webhook_id, .. } => {
            Class::new(ENTITY_MANAGEMENT, DELETE, [("entity", url(webhook_id))])
        }
    };
    let mut class = class;
    class.attributes.insert("comment".to_owned(), format!("of the campaign {campaign_id}").into());
    class
}
