//! `GET /sign-in/oidc/callback`: back from the identity provider.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Redirect;

use crate::app::App;
use crate::auth::oidc::{Attempt, Callback};
use crate::auth::session::{self, AuthSession, SignedInUser};
use crate::enrolment;
use crate::error::ApiError;
use crate::request_context::RequestContext;

/// Answers 303 to where the visitor was going, signed in.
///
/// # Errors
/// `NotFound` without a provider; `SignInRefused` when the answer does not belong to a sign-in of this
/// session; `IdentityNotLinked` for someone unknown; `ProviderUnavailable` when the provider cannot be asked.
pub async fn finish_oidc(
    State(app): State<App>,
    mut session: AuthSession,
    context: RequestContext,
    query: Result<Query<Callback>, QueryRejection>,
) -> Result<Redirect, ApiError> {
    app.throttle.try_address(context.address)?;
    let provider = app.oidc.as_ref().ok_or(ApiError::NotFound)?;
    let Query(callback) = query.map_err(|_| {
        ApiError::Validation("this is no answer of an identity provider".to_owned())
    })?;
    let attempt = Attempt::take(&session.session, &callback, app.now()).await?;
    let identity = provider.identify(&attempt, callback, app.now()).await?;
    let user = enrolment::come_in_by_identity(&app, &identity, attempt.invitation).await?;
    session::begin(&mut session, &SignedInUser::from(user)).await?;
    Ok(Redirect::to(attempt.next.as_str()))
}
