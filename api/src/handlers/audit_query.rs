//! What the questions of auditors have in common.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use domain::{TokenId, UserId};
use projections::PageRequest;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::auth::inquirer::Inquirer;
use crate::error::ApiError;
use crate::extract::{Paging, identified, numeric, page_request};

/// The last four characters of a token.
pub(super) fn hint(text: String) -> Result<String, ApiError> {
    if text.len() == 4 && text.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Ok(text);
    }
    let refusal = "hint must be the last four characters of a token, letters and digits";
    Err(ApiError::Validation(refusal.to_owned()))
}

/// Which token, and which page of what is known of it.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RawOneTokenQuery {
    /// The token, by its id; never the token itself.
    #[param(value_type = Uuid)]
    token: TokenId,
    /// At most this many entries.
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: Option<u32>,
    /// Where to go on: `next` or `previous` of another page. Opaque.
    #[param(pattern = "^[np][0-9]{1,18}$")]
    cursor: Option<String>,
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct OneTokenQuery {
    /// Which token.
    pub token_id: TokenId,
    /// Which page.
    pub request: PageRequest,
}

impl FromRequestParts<App> for OneTokenQuery {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let query = Query::<RawOneTokenQuery>::from_request_parts(parts, app).await;
        let Query(query) = query.map_err(|_| {
            ApiError::Validation(
                "this takes token, the id of one, and limit and cursor, limit as a number"
                    .to_owned(),
            )
        })?;
        let request = numeric(page_request(query.limit, query.cursor.as_deref())?)?;
        Ok(Self { token_id: query.token, request })
    }
}

/// A page of a list of tokens.
#[derive(Clone, Debug)]
pub struct TokenPaging(pub PageRequest);

impl FromRequestParts<App> for TokenPaging {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Paging(request) = Paging::from_request_parts(parts, app).await?;
        identified(request).map(Self)
    }
}

/// Whose token it is. What one may not know of looks like what never was.
///
/// # Errors
/// `NotFound`.
pub(super) async fn owner(
    app: &App,
    inquirer: Inquirer,
    token_id: TokenId,
) -> Result<UserId, ApiError> {
    let owner = app.store.find_token_owner(token_id).await?;
    owner.filter(|owner| inquirer.may_know_of(*owner)).ok_or(ApiError::NotFound)
}
