//! The forms of `/admin`. Each does one thing and comes back to the page.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::{AccountId, AccountRole, AssistantId, InstanceRole, UserId};
use projections::Registration;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::admin::{AdminQuery, Outcome, render};
use super::frame::{PageAdmin, with_status};
use crate::administration;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{self, FormBody, Ids};
use crate::locking;
use crate::request_context::RequestContext;

/// Back to the page, or the page with what was wrong.
pub(super) async fn back(
    app: &App,
    person: &Registration,
    done: Result<(), ApiError>,
) -> Result<Response, ApiError> {
    match done {
        Ok(()) => Ok(Redirect::to("/admin").into_response()),
        Err(refusal @ (ApiError::Validation(_) | ApiError::Conflict(_) | ApiError::NotFound)) => {
            let alert = refusal.message();
            let outcome = Outcome { invited: None, alert: Some(&alert) };
            let page = render(app, person, &AdminQuery::default(), &outcome).await?;
            Ok(with_status(StatusCode::BAD_REQUEST, page))
        }
        Err(error) => Err(error),
    }
}

/// Whom to invite.
#[derive(Deserialize)]
pub struct InviteForm {
    email: String,
    name: String,
    admin: Option<String>,
    auditor: Option<String>,
}

/// `POST /admin/users`. Answers 200 with the link, once.
///
/// # Errors
/// `Forbidden` without the role.
pub async fn invite(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    context: RequestContext,
    FormBody(form): FormBody<InviteForm>,
) -> Result<Response, ApiError> {
    let admin = form.admin.map(|_| InstanceRole::Admin);
    let auditor = form.auditor.map(|_| InstanceRole::Auditor);
    let roles: BTreeSet<InstanceRole> = admin.into_iter().chain(auditor).collect();
    match administration::invite(&app, &form.email, &form.name, roles, &context).await {
        Ok((_, _, issued)) => {
            let outcome = Outcome { invited: Some(issued.url.expose_secret()), alert: None };
            render(&app, &person, &AdminQuery::default(), &outcome).await
        }
        Err(error) => back(&app, &person, Err(error)).await,
    }
}

/// `POST /admin/users/{id}/lock`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn lock(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    back(&app, &person, administration::lock(&app, user_id, &context).await).await
}

/// `POST /admin/users/{id}/unlock`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn unlock(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    back(&app, &person, locking::unlock(&app, user_id, &context).await).await
}

/// `POST /admin/users/{id}/revoke-token`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn revoke_token(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(user_id): Ids<UserId>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    back(&app, &person, administration::revoke_token(&app, user_id, &context).await).await
}

/// The account to open.
#[derive(Deserialize)]
pub struct AccountForm {
    name: String,
}

/// `POST /admin/accounts`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn open_account(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    context: RequestContext,
    FormBody(form): FormBody<AccountForm>,
) -> Result<Response, ApiError> {
    let opened = administration::open_account(&app, &form.name, &context).await;
    back(&app, &person, opened.map(drop)).await
}

/// Whom to make a member: someone new by e-mail, a member by id.
#[derive(Deserialize)]
pub struct MemberForm {
    user: Option<UserId>,
    email: Option<String>,
    role: AccountRole,
}

impl MemberForm {
    async fn user_id(&self, app: &App) -> Result<UserId, ApiError> {
        if let Some(user_id) = self.user {
            return Ok(user_id);
        }
        let email = extract::email(self.email.as_deref().unwrap_or_default())?;
        let found = app.store.find_registration_by_email(&email).await?;
        let found = found.ok_or_else(|| {
            ApiError::Validation(format!("no unlocked user has the e-mail address {email}"))
        })?;
        Ok(found.user_id)
    }
}

/// `POST /admin/accounts/{id}/members`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn put_member(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(account_id): Ids<AccountId>,
    context: RequestContext,
    FormBody(form): FormBody<MemberForm>,
) -> Result<Response, ApiError> {
    let done = match form.user_id(&app).await {
        Ok(user_id) => {
            administration::put_member(&app, account_id, user_id, form.role, &context).await
        }
        Err(error) => Err(error),
    };
    back(&app, &person, done).await
}

/// `POST /admin/accounts/{id}/members/{userId}/remove`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn remove_member(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids((account_id, user_id)): Ids<(AccountId, UserId)>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    let done = administration::remove_member(&app, account_id, user_id, &context).await;
    back(&app, &person, done).await
}

/// The assistant to add.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AssistantForm {
    name: String,
    phone_number: String,
}

/// `POST /admin/accounts/{id}/assistants`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn add_assistant(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids(account_id): Ids<AccountId>,
    context: RequestContext,
    FormBody(form): FormBody<AssistantForm>,
) -> Result<Response, ApiError> {
    let AssistantForm { name, phone_number } = form;
    let added =
        administration::add_assistant(&app, account_id, &name, &phone_number, &context).await;
    back(&app, &person, added.map(drop)).await
}

/// `POST /admin/accounts/{id}/assistants/{assistantId}/remove`
///
/// # Errors
/// `Forbidden` without the role.
pub async fn remove_assistant(
    State(app): State<App>,
    PageAdmin(person): PageAdmin,
    Ids((account_id, assistant_id)): Ids<(AccountId, AssistantId)>,
    context: RequestContext,
) -> Result<Response, ApiError> {
    let done = administration::remove_assistant(&app, account_id, assistant_id, &context).await;
    back(&app, &person, done).await
}
