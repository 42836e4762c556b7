//! `/`: leads to where the visitor can go on.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::error_page::MessagePage;
use super::frame::{Frame, page};
use super::text;
use crate::app::App;
use crate::auth::signed_in::SignedIn;
use crate::error::ApiError;

/// Answers 303, or 200 with what to do while nobody can sign in.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_home(
    State(app): State<App>,
    SignedIn(user): SignedIn,
) -> Result<Response, ApiError> {
    if user.is_some() {
        return Ok(Redirect::to("/user/settings/api-tokens").into_response());
    }
    if app.store.has_users().await? {
        return Ok(Redirect::to("/sign-in").into_response());
    }
    page(&MessagePage {
        frame: Frame::anonymous(),
        title: text::WAITING,
        message: text::WAITING_TEXT,
        back: None,
    })
}
