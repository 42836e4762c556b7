//! The limits as layers of route groups, each after [`select_account`](crate::auth::middleware::select_account):
//! whoever is refused for a credential or an account counts against nobody's limit, and whoever lacks a
//! permission counts.

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use projections::LiveWebhook;

use crate::app::App;
use crate::auth::AccountInForce;
use crate::error::ApiError;

/// For routes that act in an account.
///
/// # Errors
/// `TooManyRequests` when there were too many in the account.
pub async fn limit_account(
    State(app): State<App>,
    account: AccountInForce,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let standings = app.limits.account(account.account_id, app.clock.instant())?;
    Ok(standings.said_in(next.run(request).await))
}

/// Instead of that, for routes that add prospects to a campaign.
///
/// # Errors
/// `TooManyRequests` when there were too many in the account, or too many of these.
pub async fn limit_prospects(
    State(app): State<App>,
    account: AccountInForce,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let standings = app.limits.prospects(account.account_id, app.clock.instant())?;
    Ok(standings.said_in(next.run(request).await))
}

/// The same for whoever holds a webhook URL: it counts as the account's.
///
/// # Errors
/// `TooManyRequests` when there were too many in the account, or too many of these.
pub async fn limit_webhook(
    State(app): State<App>,
    Extension(webhook): Extension<LiveWebhook>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let standings = app.limits.prospects(webhook.account_id, app.clock.instant())?;
    Ok(standings.said_in(next.run(request).await))
}
