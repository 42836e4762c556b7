//! Who looks at these pages, as the record of reads names them.

use axum::extract::{FromRequestParts, Query, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::auth::{Caller, Credential};
use crate::error::ApiError;
use crate::pages::frame::PageUser;

/// Lets only people pass who are signed in, with a [`Caller`] in the request's extensions. Others are sent
/// to sign in.
pub async fn know_reader(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let person = match PageUser::from_request_parts(&mut parts, &app).await {
        Ok(PageUser(person)) => person,
        Err(response) => return response,
    };
    let access = match app.verifier.find_access(person.user_id).await {
        Ok(Some(access)) => access,
        Ok(None) => return ApiError::Forbidden.into_response(),
        Err(error) => return ApiError::from(error).into_response(),
    };
    parts.extensions.insert(Caller { credential: Credential::Session, access, account: None });
    next.run(Request::from_parts(parts, body)).await
}

/// The query, refused in words when it cannot be used.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Asked<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let Ok(Query(query)) = Query::from_request_parts(parts, app).await else {
            return Err(ApiError::Validation("this address is not one of this page".to_owned()));
        };
        Ok(Self(query))
    }
}
