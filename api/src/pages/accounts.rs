//! `/accounts`: which accounts the visitor is a member of.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::frame::{Frame, PageUser, page};
use super::member::{OwnAccount, accounts_of};
use super::{assets, text};
use crate::app::App;
use crate::error::ApiError;

#[derive(Template)]
#[template(path = "accounts.html")]
struct AccountsPage {
    frame: Frame,
    accounts: Vec<OwnAccount>,
}

/// Answers 303 to the only account, or 200 with the list.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_accounts(
    State(app): State<App>,
    PageUser(person): PageUser,
) -> Result<Response, ApiError> {
    let accounts = accounts_of(&app, &person).await?;
    if let [only] = accounts.as_slice() {
        let path = format!("/accounts/{}", only.account.account_id);
        return Ok(Redirect::to(&path).into_response());
    }
    page(&AccountsPage { frame: Frame::of(&person), accounts })
}
