//! `POST /v1/admin/users`: invite someone.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{InstanceRole, UserId};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::administration;
use crate::app::App;
use crate::auth::Admin;
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::refusals::Conflict;
use crate::openapi::values;
use crate::request_context::RequestContext;

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Nobody else's here.
    #[schema(value_type = values::Email)]
    email: String,
    /// As people read it.
    #[schema(value_type = values::Name)]
    name: String,
    /// None if absent.
    #[serde(default)]
    #[schema(value_type = Vec<values::InstanceRole>)]
    roles: BTreeSet<InstanceRole>,
}

/// The user, and the single-use link by which they choose a password.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = InvitedUser)]
pub struct InvitedReply {
    /// The user's.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(examples("ada@example.com"))]
    email: String,
    /// As it is kept.
    #[schema(examples("Ada"))]
    name: String,
    /// Across the installation.
    #[schema(value_type = BTreeSet<values::InstanceRole>)]
    roles: BTreeSet<InstanceRole>,
    /// False.
    locked: bool,
    /// For `POST /v1/setup`. Works once, for 7 days, and is shown here only.
    setup_code: String,
    /// The page that takes the code.
    #[schema(format = "uri")]
    setup_url: String,
}

/// Invites someone.
///
/// The user exists from now on, and comes in with the code in the answer.
///
/// # Errors
/// `ValidationError` for an e-mail address or name that cannot be used; `Conflict` when the e-mail address
/// is in use.
#[utoipa::path(
    post,
    path = "/v1/admin/users",
    tag = "Administration",
    security(("bearer" = []), ("session" = [])),
    request_body = NewUser,
    responses((status = 201, description = "Invited.", body = InvitedReply), Admin, Conflict),
)]
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
