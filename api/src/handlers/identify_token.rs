//! `POST /v1/audit/identify`: whose a token is or was.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::token::{TokenDigest, TokenHint, TokenSecret};
use projections::{PageRequest, TokenFilter};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::audit_query::hint;
use super::audit_token_reply::AuditTokenReply;
use crate::app::App;
use crate::audit::reading::Asked;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::values;

/// As many as are shown of those with the same last four characters.
const SHOWN: u32 = 100;

/// What is known of a token: exactly one of these.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Clue {
    /// The whole token. It is hashed, looked up and forgotten.
    #[schema(value_type = Option<values::Token>)]
    token: Option<SecretString>,
    /// Its SHA-256.
    #[schema(value_type = Option<values::Digest>)]
    digest: Option<String>,
    /// Its last four characters.
    #[schema(value_type = Option<values::Hint>)]
    hint: Option<String>,
}

/// The tokens that it can be.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Identified)]
pub struct IdentifiedReply {
    /// Newest first. One for a token or digest that is known, none for one that is not.
    data: Vec<AuditTokenReply>,
    /// Whether there are more with these last four characters than are shown.
    has_more: bool,
}

/// What was asked, without what was said.
fn read(clue: Clue, app: &App) -> Result<(Asked, TokenFilter), ApiError> {
    let filter = TokenFilter::default();
    match (clue.token, clue.digest, clue.hint) {
        (Some(token), None, None) => {
            let secret = TokenSecret::parse(&app.token_prefix, token.expose_secret());
            let secret = secret.ok_or_else(malformed)?;
            Ok((Asked("by", "token"), TokenFilter { digest: Some(secret.digest()), ..filter }))
        }
        (None, Some(text), None) => {
            Ok((Asked("by", "digest"), TokenFilter { digest: Some(digest(&text)?), ..filter }))
        }
        (None, None, Some(text)) => {
            let hint = TokenHint::new(hint(text)?);
            Ok((Asked("by", "hint"), TokenFilter { hint: Some(hint), ..filter }))
        }
        (None, None, None)
        | (Some(_), Some(_), _)
        | (Some(_), _, Some(_))
        | (_, Some(_), Some(_)) => {
            Err(ApiError::Validation("send exactly one of token, digest and hint".to_owned()))
        }
    }
}

fn malformed() -> ApiError {
    let text = "token is not a whole token of this installation: a character is missing, changed or too many";
    ApiError::Validation(text.to_owned())
}

fn digest(text: &str) -> Result<TokenDigest, ApiError> {
    let named = text.parse().or_else(|_| format!("sha256:{text}").parse());
    named.map_err(|_| {
        let text = "digest must be the SHA-256 of a token, 64 hexadecimal digits, with or without sha256: before";
        ApiError::Validation(text.to_owned())
    })
}

/// Says whose a token is or was, and how it stands.
///
/// For dead tokens, too. By the token itself, by its SHA-256, which can be computed where the token is, or by its
/// last four characters, which may fit several. It does not count as a use of the token, and a token
/// that is not known is no failed attempt to come in. What was sent is not kept: the record of this read says
/// by which of the three it was. Whoever is no auditor finds only their own.
///
/// # Errors
/// `ValidationError` unless exactly one is sent, and for one that cannot be of a token.
#[utoipa::path(
    post,
    path = "/v1/audit/identify",
    tag = "Audit",
    security(("bearer" = []), ("session" = [])),
    request_body = Clue,
    responses((status = 200, description = "The tokens that it can be.", body = IdentifiedReply), Inquirer),
)]
pub async fn identify_token(
    State(app): State<App>,
    inquirer: Inquirer,
    Body(clue): Body<Clue>,
) -> Result<Response, ApiError> {
    let (asked, mut filter) = read(clue, &app)?;
    filter.user_id = inquirer.subject(None)?;
    let request = PageRequest { limit: SHOWN, cursor: None };
    let page = app.store.list_audit_tokens(&filter, &request).await?;
    let has_more = page.next.is_some();
    let data = page.data.into_iter().map(AuditTokenReply::from).collect();
    Ok((Extension(asked), Json(IdentifiedReply { data, has_more })).into_response())
}
