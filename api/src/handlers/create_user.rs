//! `POST /v1/admin/users`: invite someone.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{InstanceRole, UserId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Body;
use crate::request_context::RequestContext;

/// Whom to invite.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    email: String,
    name: String,
    #[serde(default)]
    roles: BTreeSet<InstanceRole>,
}

/// The user, and the single-use link by which they choose a password.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InvitedReply {
    id: UserId,
    email: String,
    name: String,
    roles: BTreeSet<InstanceRole>,
    locked: bool,
    setup_code: String,
    setup_url: String,
}

/// Answers 201.
///
/// # Errors
/// `Conflict` when the e-mail address is in use.
pub async fn create_user(
    State(app): State<App>,
    _: Admin,
    context: RequestContext,
    Body(body): Body<NewUser>,
) -> Result<(StatusCode, Json<InvitedReply>), ApiError> {
    let (id, invited, issued) =
        administration::invite(&app, &body.email, &body.name, body.roles, &context).await?;
    let reply = InvitedReply {
        id,
        email: invited.email,
        name: invited.name,
        roles: invited.roles,
        locked: false,
        setup_code: issued.code.expose_secret().to_owned(),
        setup_url: issued.url.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(reply)))
}
