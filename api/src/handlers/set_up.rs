//! `POST /v1/setup`: the first user introduces herself, an invited one chooses a password.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::{AccountId, UserId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::auth::session::{AuthSession, SignedInUser, begin};
use crate::enrolment::{self, FirstUser};
use crate::error::ApiError;
use crate::extract::Body;
use crate::request_context::RequestContext;

/// `email`, `name` and `account` are for the first user only.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetUp {
    pub(crate) code: SecretString,
    pub(crate) password: SecretString,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) account: Option<String>,
}

/// Who came in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetUpReply {
    id: UserId,
    email: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<AccountId>,
}

/// Answers 201 with the user, signed in.
///
/// # Errors
/// `Forbidden` for a code that does not work, `Validation` for the rest of the body.
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
