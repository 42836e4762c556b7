//! `GET /v1/audit/tokens/as-of`: which token was live at an instant, and what its owner could do.

use axum::Json;
use axum::extract::{FromRequestParts, Query, State};
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use domain::token::{Generation, TokenHint};
use domain::{AccountId, AccountRole, InstanceRole, TokenId, UserId};
use projections::{MembershipThen, StateThen, TokenThen};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::openapi::refusals::NotFound;
use crate::openapi::values;

/// Whose state, and when.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsOfQuery {
    /// Of this user; without it, oneself.
    #[param(value_type = Option<Uuid>)]
    user: Option<UserId>,
    /// At this instant, which must not be in the future; without it, now.
    at: Option<DateTime<Utc>>,
}

impl FromRequestParts<App> for AsOfQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<Self>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            ApiError::Validation(
                "this takes user, an id, and at, a time as in RFC 3339, only".to_owned(),
            )
        })?;
        Ok(query)
    }
}

/// What was so of a user at an instant.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = StateAsOf)]
pub struct StateReply {
    /// Whose.
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// The user's e-mail address now; null when erased.
    #[schema(required)]
    user: Option<String>,
    /// When.
    at: DateTime<Utc>,
    /// Whether the user was known by then.
    registered: bool,
    /// Whether the user was shut out.
    locked: bool,
    /// Roles across the installation.
    #[schema(value_type = Vec<values::InstanceRole>)]
    roles: Vec<InstanceRole>,
    /// The live token; null when there was none.
    #[schema(required)]
    token: Option<TokenThenReply>,
    /// Whether a request with that token would have been let in: it was live, and its owner not locked.
    token_accepted: bool,
    /// Memberships in accounts that were open.
    memberships: Vec<MembershipThenReply>,
}

/// A token that was live.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TokenAsOf)]
struct TokenThenReply {
    /// Names the token without revealing it.
    #[schema(value_type = Uuid)]
    token_id: TokenId,
    /// Which of the user's tokens.
    #[schema(value_type = values::Generation)]
    generation: Generation,
    /// Its last four characters.
    #[schema(value_type = values::Hint)]
    hint: TokenHint,
    /// When it was made.
    generated_at: DateTime<Utc>,
}

/// A membership in an account that was open.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MembershipAsOf)]
struct MembershipThenReply {
    /// Where.
    #[schema(value_type = Uuid)]
    account_id: AccountId,
    /// What the account is called now; null when erased.
    #[schema(required)]
    name: Option<String>,
    /// As what.
    #[schema(value_type = values::AccountRole)]
    role: AccountRole,
}

impl From<TokenThen> for TokenThenReply {
    fn from(token: TokenThen) -> Self {
        let TokenThen { token_id, generation, hint, generated_at } = token;
        Self { token_id, generation, hint, generated_at }
    }
}

impl From<MembershipThen> for MembershipThenReply {
    fn from(membership: MembershipThen) -> Self {
        let MembershipThen { account_id, name, role } = membership;
        Self { account_id, name, role }
    }
}

impl StateReply {
    fn new(user_id: UserId, user: Option<String>, at: DateTime<Utc>, then: StateThen) -> Self {
        Self {
            user_id,
            user,
            at,
            registered: then.is_registered,
            locked: then.is_locked,
            roles: then.roles.into_iter().collect(),
            token_accepted: then.token.is_some() && !then.is_locked,
            token: then.token.map(TokenThenReply::from),
            memberships: then.memberships.into_iter().map(MembershipThenReply::from).collect(),
        }
    }
}

/// Says which token was live at an instant, and what its owner could do.
///
/// Made from the events. An event counts from its own time on, and never before an event that it follows
/// in the same user, token or account: of several events of one instant all count, and a clock that went back
/// moves nothing before what was there. So an answer about an instant stays the same, unless an event comes
/// later from a clock that is behind that instant.
///
/// # Errors
/// `ValidationError` for a time that cannot be read, or that is in the future; `Forbidden` for someone else,
/// unless one is an auditor; `NotFound` for an unknown user.
#[utoipa::path(
    get,
    path = "/v1/audit/tokens/as-of",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    params(AsOfQuery),
    responses((status = 200, description = "What was so.", body = StateReply), Inquirer, NotFound),
)]
pub async fn show_state_as_of(
    State(app): State<App>,
    inquirer: Inquirer,
    query: AsOfQuery,
) -> Result<Json<StateReply>, ApiError> {
    let (user_id, now) = (inquirer.one(query.user)?, app.now());
    let at = query.at.unwrap_or(now);
    if at > now {
        return Err(ApiError::Validation("at must not be in the future".to_owned()));
    }
    let user = app.store.find_known_user(user_id).await?.ok_or(ApiError::NotFound)?;
    let then = app.store.find_state_as_of(user_id, at).await?;
    Ok(Json(StateReply::new(user_id, user.email, at, then)))
}
