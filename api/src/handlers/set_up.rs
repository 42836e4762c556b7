//! `POST /v1/setup`: the first user introduces herself, an invited one chooses a password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::session::{AuthSession, SignedInUser, begin};
use crate::enrolment::{self, FirstUser};
use crate::error::ApiError;
use crate::extract::Body;
use crate::openapi::refusals::{BadRequest, Conflict, TooManyRequests, Visitor};
use crate::openapi::values;
use crate::request_context::RequestContext;

/// What someone comes in with. The first user needs all of it, an invited one only code and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    /// From the set-up link or the invitation. Works once.
    #[schema(value_type = String, examples("THE_CODE_OF_YOUR_LINK"))]
    pub(crate) code: SecretString,
    /// To sign in with from now on.
    #[schema(value_type = values::Password)]
    pub(crate) password: SecretString,
    /// To sign in with from now on.
    #[schema(value_type = Option<values::Email>)]
    pub(crate) email: Option<String>,
    /// As people read it.
    #[schema(value_type = Option<values::Name>)]
    pub(crate) name: Option<String>,
    /// The name of the first account.
    #[schema(value_type = Option<values::Name>)]
    pub(crate) account: Option<String>,
}

/// Who came in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Newcomer)]
pub struct SetUpReply {
    /// The user's.
    #[schema(value_type = Uuid)]
    id: UserId,
    /// In lower case.
    #[schema(examples("ada@example.com"))]
    email: String,
    /// As it is kept.
    #[schema(examples("Ada"))]
    name: String,
    /// The first account; for the first user only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Uuid, required = false)]
    account_id: Option<AccountId>,
}

/// Comes in with a set-up code.
///
/// The first user introduces herself and becomes administrator of the installation and of the first
/// account; an invited one chooses a password. Either is signed in then.
///
/// # Errors
/// `Forbidden` for a code that does not work, whatever else the body holds; `ValidationError` for the
/// rest of the body; `TooManyRequests` for too many tries.
#[utoipa::path(
    post,
    path = "/v1/setup",
    tag = "Coming in",
    request_body = SetUp,
    responses(
        (status = 201, description = "Signed in.", body = SetUpReply, headers(
            ("Set-Cookie" = String, description = "The session."),
        )),
        BadRequest, Conflict, TooManyRequests, Visitor,
    ),
)]
pub async fn set_up(
    State(app): State<App>,
    session: AuthSession,
    context: RequestContext,
    Body(body): Body<SetUp>,
) -> Result<(StatusCode, Json<SetUpReply>), ApiError> {
    let reply = come_in(&app, session, context, body).await?;
    Ok((StatusCode::CREATED, Json(reply)))
}

/// Uses the code and signs its user in.
pub(crate) async fn come_in(
    app: &App,
    mut session: AuthSession,
    context: RequestContext,
    body: SetUp,
) -> Result<SetUpReply, ApiError> {
    app.throttle.try_address(context.address)?;
    let code = enrolment::find_code(app, &body.code).await?;
    let (user_id, account_id) = if code.user_id.is_some() {
        (enrolment::accept_invitation(app, &code, body.password).await?, None)
    } else {
        let required = |field: Option<String>, name: &str| {
            field.ok_or_else(|| ApiError::Validation(format!("{name} is missing")))
        };
        let first = FirstUser {
            email: required(body.email, "email")?,
            name: required(body.name, "name")?,
            account: required(body.account, "account")?,
            password: body.password,
        };
        let founded = enrolment::found(app, first, Some(&code), context).await?;
        (founded.user_id, Some(founded.account_id))
    };
    let registration = app.store.find_registration(user_id).await?.ok_or(ApiError::Forbidden)?;
    begin(&mut session, &SignedInUser::from(registration.clone())).await?;
    Ok(SetUpReply { id: user_id, email: registration.email, name: registration.name, account_id })
}
