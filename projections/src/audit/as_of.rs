//! What was so at an instant: which token was live, and what its owner could do.
//!
//! Folded from the events, whose times were written by the clocks of the machines. The rule: **an event counts
//! from its own time on, and never before an event that it follows in its aggregate.** So all events of one
//! instant count together, a clock that went back moves no event before an earlier one, and what is said of an
//! instant stays said: once an aggregate has an event after it, none that comes later can count before it.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenEvent, TokenHint};
use domain::{AccountEvent, AccountId, AccountRole, InstanceRole, TokenId, UserEvent, UserId};
use serde::de::DeserializeOwned;
use sqlx::types::Json;

use crate::StoreError;
use crate::sql::{Sql, Statement};

/// Events that are read at once.
const BATCH: i64 = 500;

/// A token that was live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenThen {
    /// Which.
    pub token_id: TokenId,
    /// Which of the user's tokens.
    pub generation: Generation,
    /// Its last four characters.
    pub hint: TokenHint,
    /// When it was made.
    pub generated_at: DateTime<Utc>,
}

/// A membership in an account that was open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MembershipThen {
    /// Where.
    pub account_id: AccountId,
    /// What the account is called now; `None` when erased.
    pub name: Option<String>,
    /// As what.
    pub role: AccountRole,
}

/// What was so of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateThen {
    /// Known by then.
    pub is_registered: bool,
    /// Shut out.
    pub is_locked: bool,
    /// Roles across the instance.
    pub roles: BTreeSet<InstanceRole>,
    /// The live token; `None` when there was none.
    pub token: Option<TokenThen>,
    /// In order of account id.
    pub memberships: Vec<MembershipThen>,
}

/// Someone the history knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    /// The address; `None` when erased.
    pub email: Option<String>,
}

/// The past.
#[async_trait]
pub trait AuditPast: Send + Sync {
    /// Someone of whom there are events, erased or not.
    async fn find_known_user(&self, user_id: UserId) -> Result<Option<KnownUser>, StoreError>;

    /// What was so of the user at `at`.
    async fn find_state_as_of(
        &self,
        user_id: UserId,
        at: DateTime<Utc>,
    ) -> Result<StateThen, StoreError>;
}

const READ: &str = "
SELECT sequence, event_type, payload
FROM events
WHERE aggregate_type = $1
  AND aggregate_id = $2
  AND sequence > $3
ORDER BY sequence
LIMIT $4";

const FIND_KNOWN: &str = "
SELECT p.email
FROM users u
LEFT JOIN user_profiles p ON p.user_id = u.user_id
WHERE u.user_id = $1";

/// Once a member, always in the table.
const LIST_ACCOUNTS: &str = "
SELECT m.account_id, p.name
FROM memberships m
LEFT JOIN account_profiles p ON p.account_id = m.account_id
WHERE m.user_id = $1
ORDER BY m.account_id";

#[derive(sqlx::FromRow)]
struct EventRow {
    sequence: i64,
    event_type: String,
    payload: Json<serde_json::Value>,
}

impl EventRow {
    fn at(&self) -> Result<DateTime<Utc>, StoreError> {
        let at = self.payload.0.get(&self.event_type).and_then(|body| body.get("at"));
        let at = at.and_then(serde_json::Value::as_str);
        let at = at.ok_or_else(|| StoreError::corrupt("an event without a time"))?;
        at.parse().map_err(|error: chrono::ParseError| StoreError::corrupt(error))
    }
}

/// The aggregate's events that count at `at`, in order: those before the first that is later.
async fn events_until<S: Sql, E: DeserializeOwned>(
    store: &S,
    (aggregate_type, aggregate_id): (&str, String),
    at: DateTime<Utc>,
) -> Result<Vec<E>, StoreError> {
    let (mut events, mut last) = (Vec::new(), 0);
    loop {
        let question =
            Statement::new(READ).bind(aggregate_type).bind(&*aggregate_id).bind(last).bind(BATCH);
        let rows = store.fetch::<EventRow>(question).await?;
        let Some(newest) = rows.last() else { return Ok(events) };
        last = newest.sequence;
        for row in rows {
            if row.at()? > at {
                return Ok(events);
            }
            events.push(serde_json::from_value(row.payload.0).map_err(StoreError::corrupt)?);
        }
    }
}

impl StateThen {
    fn apply_user(&mut self, event: UserEvent) {
        match event {
            UserEvent::UserRegistered { roles, .. } => {
                self.is_registered = true;
                self.roles = roles.into_iter().collect();
            }
            UserEvent::UserLocked { .. } => self.is_locked = true,
            UserEvent::UserUnlocked { .. } => self.is_locked = false,
            // What the user could do does not change by it.
            UserEvent::PersonalDataErased { .. } => {}
        }
    }

    fn apply_token(&mut self, event: TokenEvent) {
        self.token = match event {
            TokenEvent::TokenGenerated { token_id, generation, hint, at, .. }
            | TokenEvent::TokenRegenerated { token_id, generation, hint, at, .. } => {
                Some(TokenThen { token_id, generation, hint, generated_at: at })
            }
            TokenEvent::TokenRevoked { .. } => None,
        };
    }
}

/// The user's role in an account after these events; `None` when not a member, or when it was closed.
fn role_after(events: Vec<AccountEvent>, user: UserId) -> Option<AccountRole> {
    let mut role = None;
    for event in events {
        match event {
            AccountEvent::MemberAdded { user_id, role: new, .. }
            | AccountEvent::MemberRoleChanged { user_id, role: new, .. }
                if user_id == user =>
            {
                role = Some(new);
            }
            AccountEvent::MemberRemoved { user_id, .. } if user_id == user => role = None,
            AccountEvent::AccountClosed { .. } => return None,
            AccountEvent::AccountOpened { .. }
            | AccountEvent::MemberAdded { .. }
            | AccountEvent::MemberRoleChanged { .. }
            | AccountEvent::MemberRemoved { .. }
            | AccountEvent::AssistantAdded { .. }
            | AccountEvent::AssistantRemoved { .. } => {}
        }
    }
    role
}

#[async_trait]
impl<S: Sql> AuditPast for S {
    async fn find_known_user(&self, user_id: UserId) -> Result<Option<KnownUser>, StoreError> {
        let question = Statement::new(FIND_KNOWN).bind(user_id.to_string());
        let row = self.fetch::<(Option<String>,)>(question).await?.pop();
        Ok(row.map(|(email,)| KnownUser { email }))
    }

    async fn find_state_as_of(
        &self,
        user_id: UserId,
        at: DateTime<Utc>,
    ) -> Result<StateThen, StoreError> {
        let mut state = StateThen::default();
        for event in events_until(self, ("user", user_id.to_string()), at).await? {
            state.apply_user(event);
        }
        for event in events_until(self, ("token", user_id.to_string()), at).await? {
            state.apply_token(event);
        }
        let question = Statement::new(LIST_ACCOUNTS).bind(user_id.to_string());
        for (account, name) in self.fetch::<(String, Option<String>)>(question).await? {
            let events = events_until(self, ("account", account.clone()), at).await?;
            if let Some(role) = role_after(events, user_id) {
                let account_id = account.parse().map_err(StoreError::corrupt)?;
                state.memberships.push(MembershipThen { account_id, name, role });
            }
        }
        Ok(state)
    }
}
