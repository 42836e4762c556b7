//! Which accounts are the visitor's, and whether the one in the path is.

use axum::extract::rejection::RawPathParamsRejection;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::{AccountId, AccountRole};
use projections::{AccountEntry, Registration};

use super::frame::PageUser;
use crate::app::App;
use crate::error::ApiError;

/// An open account that the visitor is a member of at this moment.
pub(super) struct OwnAccount {
    pub(super) account: AccountEntry,
    pub(super) role: AccountRole,
}

/// All of them.
///
/// # Errors
/// `Forbidden` for a user who is locked; `Unavailable` when the store cannot be asked.
pub(super) async fn accounts_of(
    app: &App,
    person: &Registration,
) -> Result<Vec<OwnAccount>, ApiError> {
    let access = app.verifier.find_access(person.user_id).await?.ok_or(ApiError::Forbidden)?;
    let accounts = app.store.list_accounts_of(person.user_id).await?;
    let own = accounts.into_iter().filter_map(|account| {
        let mut memberships = access.memberships.iter();
        let found = memberships.find(|membership| membership.account_id == account.account_id)?;
        Some(OwnAccount { account, role: found.role })
    });
    Ok(own.collect())
}

/// A member of the account in the path. To everyone else there is no such page.
pub struct PageMember {
    pub(super) person: Registration,
    pub(super) account: AccountEntry,
    pub(super) role: AccountRole,
    /// The visitor has other accounts, too.
    pub(super) has_others: bool,
}

impl FromRequestParts<App> for PageMember {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        let PageUser(person) = PageUser::from_request_parts(parts, app).await?;
        let named = account_in_path(RawPathParams::from_request_parts(parts, app).await);
        let accounts = accounts_of(app, &person).await.map_err(IntoResponse::into_response)?;
        let has_others = accounts.len() > 1;
        let own = accounts.into_iter().find(|own| Some(own.account.account_id) == named);
        let OwnAccount { account, role } =
            own.ok_or(ApiError::NotFound).map_err(IntoResponse::into_response)?;
        Ok(Self { person, account, role, has_others })
    }
}

/// The account that `{id}` names. One that is not well-formed names nothing.
fn account_in_path(params: Result<RawPathParams, RawPathParamsRejection>) -> Option<AccountId> {
    let params = params.ok()?;
    let (_, id) = params.iter().find(|(name, _)| *name == "id")?;
    id.parse().ok()
}
