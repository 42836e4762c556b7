//! Every refusal and failure as the client sees it: `{"error":"<Type>","message":"<text>"}`.
//!
//! Server faults are logged here, once, with their causes, and tell the client nothing.

use std::borrow::Cow;
use std::error::Error;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{AccountError, CallError, CampaignError, TokenError, UserError, WebhookError};
use projections::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::commands::CommandError;
use crate::limits::standing::Standings;

/// Why a request was not answered with what it asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// Body or parameter cannot be used; the text names it.
    #[error("{0}")]
    Validation(String),
    /// The request contradicts itself.
    #[error("{0}")]
    InvalidRequest(&'static str),
    /// The user has several accounts and named none.
    #[error("Your user belongs to more than one account. Provide the x-account-id header.")]
    AccountRequired,
    /// Everything wrong with a credential, in the same bytes.
    #[error("Invalid API token")]
    InvalidToken {
        /// Whether the request carried a bearer token at all (RFC 6750, section 3.1).
        sent: bool,
    },
    /// Sign-in failed; does not say by which half.
    #[error("Invalid e-mail or password")]
    InvalidSignIn,
    /// An identity provider's answer that does not sign anyone in.
    #[error("{0}")]
    SignInRefused(&'static str),
    /// Someone whom the identity provider knows and we do not, or who is locked.
    #[error("Your identity is not linked to a user here. Ask an administrator for an invitation.")]
    IdentityNotLinked,
    /// Known, and not allowed.
    #[error("You do not have permission to access this resource")]
    Forbidden,
    /// Not there, or not for this caller to know.
    #[error("Resource not found")]
    NotFound,
    /// The path exists, the method does not.
    #[error("This resource does not support the method")]
    MethodNotAllowed,
    /// The state does not allow it, or another request got there first.
    #[error("{0}")]
    Conflict(String),
    /// A request that minted a secret was sent again.
    #[error("This request was carried out already. The secret that it made is not shown again.")]
    AlreadyDone,
    /// An idempotency key was sent with two different requests.
    #[error("This Idempotency-Key was used with a different request.")]
    IdempotencyKeyReused,
    /// The state is not the one that the request expects.
    #[error("{0}")]
    PreconditionFailed(String),
    /// Too often.
    #[error("Rate limit exceeded. Please retry after {retry_after_seconds} seconds.")]
    TooManyRequests {
        /// When to come back.
        retry_after_seconds: u64,
        /// The limits that apply, for the `RateLimit` fields.
        standings: Standings,
    },
    /// The store cannot be asked, or cannot say what became of the command.
    #[error("{0}")]
    Unavailable(#[source] StoreError),
    /// The node answers what comes, and wants no more to come.
    #[error("The service is stopping.")]
    Stopping,
    /// The identity provider cannot be asked.
    #[error("{0}")]
    ProviderUnavailable(#[source] Box<dyn Error + Send + Sync>),
    /// A fault of ours.
    #[error("{0}")]
    Internal(#[source] Box<dyn Error + Send + Sync>),
}

/// Left in a response for whoever wants to say the same in another form.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What the client is told.
    pub message: Cow<'static, str>,
}

/// Why the request was not answered with what it asked for.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub(crate) struct ErrorBody<'a> {
    /// What kind of refusal. New kinds may come.
    #[schema(examples("ValidationError"))]
    error: &'a str,
    /// For people.
    #[schema(examples("limit must be between 1 and 100"))]
    message: &'a str,
}

impl ApiError {
    /// A session store that cannot be asked.
    pub(crate) fn session_store(error: tower_sessions::session::Error) -> Self {
        Self::Unavailable(StoreError::Unavailable(error.into()))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Validation(_) | Self::InvalidRequest(_) | Self::AccountRequired => {
                StatusCode::BAD_REQUEST
            }
            Self::InvalidToken { .. } | Self::InvalidSignIn => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::SignInRefused(_) | Self::IdentityNotLinked => {
                StatusCode::FORBIDDEN
            }
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) | Self::AlreadyDone => StatusCode::CONFLICT,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::PreconditionFailed(_) => StatusCode::PRECONDITION_FAILED,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Stopping | Self::ProviderUnavailable(_) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::Validation(_) => "ValidationError",
            Self::InvalidRequest(_) => "InvalidRequest",
            Self::AccountRequired => "AccountRequired",
            Self::InvalidToken { .. } | Self::InvalidSignIn => "Unauthorized",
            Self::Forbidden | Self::SignInRefused(_) | Self::IdentityNotLinked => "Forbidden",
            Self::NotFound => "NotFound",
            Self::MethodNotAllowed => "MethodNotAllowed",
            Self::Conflict(_) | Self::AlreadyDone => "Conflict",
            Self::IdempotencyKeyReused => "IdempotencyKeyReused",
            Self::PreconditionFailed(_) => "PreconditionFailed",
            Self::TooManyRequests { .. } => "TooManyRequests",
            Self::Unavailable(_) | Self::Stopping | Self::ProviderUnavailable(_) => "Unavailable",
            Self::Internal(_) => "InternalServerError",
        }
    }

    /// What the client is told.
    pub fn message(&self) -> Cow<'static, str> {
        let message = match self {
            Self::Unavailable(StoreError::OutcomeUnknown(_)) => {
                "It is not known whether the request took effect. Ask for the current state before \
                 trying again."
            }
            Self::Unavailable(_) => "The service cannot answer right now. Please retry.",
            Self::ProviderUnavailable(_) => {
                "The identity provider cannot be used right now. Please try again later."
            }
            Self::Internal(_) => "Something went wrong on our side.",
            Self::Validation(_)
            | Self::InvalidRequest(_)
            | Self::AccountRequired
            | Self::InvalidToken { .. }
            | Self::InvalidSignIn
            | Self::SignInRefused(_)
            | Self::IdentityNotLinked
            | Self::Forbidden
            | Self::NotFound
            | Self::MethodNotAllowed
            | Self::Conflict(_)
            | Self::AlreadyDone
            | Self::IdempotencyKeyReused
            | Self::PreconditionFailed(_)
            | Self::Stopping
            | Self::TooManyRequests { .. } => return self.to_string().into(),
        };
        message.into()
    }

    fn retry_after_seconds(&self) -> Option<u64> {
        if let Self::TooManyRequests { retry_after_seconds, .. } = self {
            return Some(*retry_after_seconds);
        }
        matches!(self, Self::Unavailable(_) | Self::Stopping | Self::ProviderUnavailable(_))
            .then_some(1)
    }

    /// Only faults of the server have a source.
    fn log(&self) {
        let Some(cause) = self.source() else { return };
        let causes: Vec<String> = std::iter::successors(Some(cause), |error| (*error).source())
            .map(ToString::to_string)
            .collect();
        let causes = causes.join(": ");
        tracing::error!(
            status = self.status().as_u16(),
            cause = causes,
            "a request failed: {causes}"
        );
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let message = self.message();
        let body = Json(ErrorBody { error: self.kind(), message: &message });
        let mut response = (self.status(), body).into_response();
        response.extensions_mut().insert(Refusal { message });
        let headers = response.headers_mut();
        if let Self::InvalidToken { sent } = self {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge(sent)));
        }
        if let Some(seconds) = self.retry_after_seconds() {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Self::TooManyRequests { standings, .. } = self {
            standings.say_in(headers);
        }
        response
    }
}

/// RFC 6750, section 3: an error code only when a token was sent.
const fn challenge(token_was_sent: bool) -> &'static str {
    if token_was_sent {
        r#"Bearer realm="symbolon", error="invalid_token", error_description="Invalid API token""#
    } else {
        r#"Bearer realm="symbolon""#
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::KeyReused => Self::IdempotencyKeyReused,
            StoreError::Conflict | StoreError::Repeated => Self::Conflict(
                "Another request changed this first. Reload and try again.".to_owned(),
            ),
            StoreError::UserNotActive | StoreError::SetupCodeRefused | StoreError::AlreadySetUp => {
                Self::Forbidden
            }
            StoreError::EmailTaken => Self::Conflict("The e-mail address is in use.".to_owned()),
            StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_) => Self::Unavailable(error),
            StoreError::Corrupt(_) => Self::Internal(error.into()),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::Store(error) => error.into(),
            CommandError::Token(error) => error.into(),
            CommandError::User(UserError::NotRegistered)
            | CommandError::Account(
                AccountError::NotOpened | AccountError::NotAMember | AccountError::NoSuchAssistant,
            )
            | CommandError::Campaign(CampaignError::NotCreated) => Self::NotFound,
            CommandError::User(UserError::NotLocked) => {
                Self::Conflict("The user is not locked. Lock the user first.".to_owned())
            }
            CommandError::User(UserError::Erased) => {
                Self::Conflict("The user's personal data was erased.".to_owned())
            }
            CommandError::Account(AccountError::Closed) => {
                Self::Conflict("The account is closed.".to_owned())
            }
            CommandError::Campaign(CampaignError::Archived) => {
                Self::Conflict("The campaign is archived.".to_owned())
            }
            CommandError::Webhook(WebhookError::StaleGeneration) => {
                Self::PreconditionFailed("The webhook URL was changed in the meantime.".to_owned())
            }
            CommandError::User(UserError::AlreadyRegistered)
            | CommandError::Account(AccountError::AlreadyOpened | AccountError::AssistantExists)
            | CommandError::Call(CallError::AlreadyTriggered)
            | CommandError::Campaign(CampaignError::AlreadyCreated) => Self::Internal(error.into()),
        }
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::NotGenerated => Self::Conflict(
                "There is no active API token to regenerate. Generate one first.".to_owned(),
            ),
            TokenError::AlreadyGenerated { current } => {
                Self::PreconditionFailed(format!("An API token of generation {current} is active."))
            }
            TokenError::StaleGeneration { current } => Self::PreconditionFailed(format!(
                "The API token was changed in the meantime: generation {current} is active now."
            )),
        }
    }
}
