//! `/`: says what this is.

use axum::extract::State;
use axum::response::Html;

use super::html::{escape, page};
use crate::app::App;
use crate::auth::signed_in::SignedIn;
use crate::error::ApiError;

/// Answers 200.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub async fn show_home(
    State(app): State<App>,
    SignedIn(user): SignedIn,
) -> Result<Html<String>, ApiError> {
    let who = match &user {
        Some(user) => format!("<p>Signed in as {}.</p>", escape(&user.registration.name)),
        None if app.store.has_users().await? => "<p>Nobody is signed in.</p>".to_owned(),
        None => "<p>Follow the set-up link that the server printed when it started.</p>".to_owned(),
    };
    Ok(page(
        "Symbolon",
        &format!(
            "{who}
<p>Personal API tokens: one per user, shown once, replaced by regenerating.</p>"
        ),
    ))
}
