//! Who is asking, and by what right.
//!
//! [`middleware::authenticate`] puts a [`Caller`] into the request; the extractors here let a handler
//! say whom it serves. A handler that names none of them serves nobody in particular.

pub mod bearer;
pub mod inquirer;
pub mod middleware;
pub mod oidc;
pub mod password;
pub mod permissions;
pub mod session;
pub mod session_store;
pub mod signed_in;
pub mod throttle;
pub mod trusted_proxy;
pub mod webhook;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::token::Generation;
use domain::{AccountId, AccountRole, Permission, TokenId, UserId};
use projections::{Access, Actor, LiveToken, Via};

use crate::app::App;
use crate::error::ApiError;

/// By what the caller proved who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A live API token.
    Token {
        /// Which.
        token_id: TokenId,
        /// Its generation.
        generation: Generation,
    },
    /// A browser session.
    Session,
}

/// The account that a request acts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountInForce {
    /// Which.
    pub account_id: AccountId,
    /// The caller's role in it, at this moment.
    pub role: AccountRole,
}

impl AccountInForce {
    /// What the caller may do in the account.
    pub const fn permissions(&self) -> &'static [Permission] {
        self.role.permissions()
    }
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Caller {
    /// By what right.
    pub credential: Credential,
    /// The user, roles across the instance and memberships, at this moment.
    pub access: Access,
    /// Set on routes that act in an account.
    pub account: Option<AccountInForce>,
}

impl Caller {
    /// The user whose access counts.
    pub const fn user_id(&self) -> UserId {
        self.access.user_id
    }

    /// The caller as events name it.
    pub const fn actor(&self) -> Actor {
        let via = match self.credential {
            Credential::Token { token_id, generation } => Via::Token { token_id, generation },
            Credential::Session => Via::Session,
        };
        Actor { user_id: Some(self.access.user_id), via }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::InvalidToken { sent: false })
    }
}

/// A person in a browser. A token may not do what only its owner should.
#[derive(Clone, Copy, Debug)]
pub struct SessionUser {
    /// Who.
    pub user_id: UserId,
}

impl FromRequestParts<App> for SessionUser {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        match caller.credential {
            Credential::Session => Ok(Self { user_id: caller.user_id() }),
            Credential::Token { .. } => Err(ApiError::Forbidden),
        }
    }
}

/// Whoever holds a live token.
#[derive(Clone, Debug)]
pub struct TokenBearer(pub LiveToken);

impl FromRequestParts<App> for TokenBearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Caller { credential, access, account: _ } =
            Caller::from_request_parts(parts, app).await?;
        match credential {
            Credential::Token { token_id, generation } => {
                Ok(Self(LiveToken { token_id, generation, access }))
            }
            Credential::Session => Err(ApiError::InvalidToken { sent: false }),
        }
    }
}

/// Someone with the instance role `admin`.
#[derive(Clone, Copy, Debug)]
pub struct Admin;

impl FromRequestParts<App> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.access.is_admin { Ok(Self) } else { Err(ApiError::Forbidden) }
    }
}

/// Someone with the instance role `auditor`.
#[derive(Clone, Copy, Debug)]
pub struct Auditor;

impl FromRequestParts<App> for Auditor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.access.is_auditor { Ok(Self) } else { Err(ApiError::Forbidden) }
    }
}

/// A member of the account in force.
impl FromRequestParts<App> for AccountInForce {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, app).await?;
        caller.account.ok_or(ApiError::Forbidden)
    }
}
