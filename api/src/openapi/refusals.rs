//! What an operation can be refused with. Handlers name whole groups by the extractor that refuses
//! (`Admin`, `SessionUser`, …) and single ones by the types here.
//!
//! Each status has one response, so that the groups can overlap.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

use crate::auth::inquirer::Inquirer;
use crate::auth::permissions::{CallTrigger, CampaignEditor, CampaignViewer};
use crate::auth::{AccountInForce, Admin, Auditor, SessionUser, TokenBearer};
use crate::error::ErrorBody;

/// When it is given, and what comes with it.
struct Refusal {
    name: &'static str,
    description: &'static str,
    /// `error` and `message` of some.
    examples: &'static [(&'static str, &'static str)],
    headers: &'static [(&'static str, &'static str, Type)],
}

const RETRY_AFTER: (&str, &str, Type) =
    ("Retry-After", "After how many seconds to try again.", Type::Integer);
const RATE_LIMIT: (&str, &str, Type) = (
    "RateLimit",
    "The limit that was reached, what is left (`r`) and for how long (`t`).",
    Type::String,
);
const RATE_LIMIT_POLICY: (&str, &str, Type) = (
    "RateLimit-Policy",
    "The limit: how many requests (`q`) in how many seconds (`w`).",
    Type::String,
);
const CHALLENGE: (&str, &str, Type) = (
    "WWW-Authenticate",
    "`Bearer`, with `error=\"invalid_token\"` when a bearer token was sent (RFC 6750).",
    Type::String,
);

macro_rules! refusals {
    ($($(#[doc = $doc:literal])+ $name:ident = $status:literal {
        examples: [$(($error:literal, $message:literal)),+ $(,)?],
        headers: [$($header:expr),* $(,)?],
    })+) => {
        const ALL: &[Refusal] = &[$(Refusal {
            name: stringify!($name),
            description: concat!($($doc),+),
            examples: &[$(($error, $message)),+],
            headers: &[$($header),*],
        }),+];

        $(
            $(#[doc = $doc])+
            #[derive(Debug)]
            pub enum $name {}

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    let reference = Ref::from_response_name(stringify!($name));
                    BTreeMap::from([($status.to_owned(), RefOr::Ref(reference))])
                }
            }
        )+
    };
}

refusals! {
    /// The request cannot be used: `ValidationError` names the body's field, parameter or header;
    /// `InvalidRequest`: two credentials or two accounts, or a token in the URL; `AccountRequired`: you
    /// have several accounts and named none.
    BadRequest = "400" {
        examples: [
            ("ValidationError", "limit must be between 1 and 100"),
            ("InvalidRequest", "Send exactly one Authorization header."),
            ("AccountRequired", "Your user belongs to more than one account. Provide the x-account-id header."),
        ],
        headers: [],
    }
    /// No credential, or one that is not in force: malformed, unknown, replaced, revoked, or its user is
    /// locked.
    Unauthorized = "401" {
        examples: [("Unauthorized", "Invalid API token")],
        headers: [CHALLENGE],
    }
    /// E-mail and password do not belong together; which of the two is wrong is not said.
    InvalidSignIn = "401" {
        examples: [("Unauthorized", "Invalid e-mail or password")],
        headers: [],
    }
    /// Known, and not allowed: a role or permission is missing, the account is unknown or foreign, a
    /// token was sent where only a browser session counts, a set-up code does not work, or another site
    /// sent the request.
    Forbidden = "403" {
        examples: [("Forbidden", "You do not have permission to access this resource")],
        headers: [],
    }
    /// There is no such object, or it is not yours to know.
    NotFound = "404" {
        examples: [("NotFound", "Resource not found")],
        headers: [],
    }
    /// The state does not allow it, or another request got there first; the message says which.
    Conflict = "409" {
        examples: [("Conflict", "Another request changed this first. Reload and try again.")],
        headers: [],
    }
    /// The state is not the one that `If-Match` or `If-None-Match` expects. Nothing was changed.
    PreconditionFailed = "412" {
        examples: [("PreconditionFailed", "An API token of generation 3 is active.")],
        headers: [],
    }
    /// The `Idempotency-Key` was used with a different request. Nothing was done.
    IdempotencyKeyReused = "422" {
        examples: [("IdempotencyKeyReused", "This Idempotency-Key was used with a different request.")],
        headers: [],
    }
    /// Too many requests.
    TooManyRequests = "429" {
        examples: [("TooManyRequests", "Rate limit exceeded. Please retry after 6 seconds.")],
        headers: [RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY],
    }
    /// A fault of ours.
    InternalServerError = "500" {
        examples: [("InternalServerError", "Something went wrong on our side.")],
        headers: [],
    }
    /// The service cannot answer right now, or it does not know whether the request took effect; the
    /// message says which.
    Unavailable = "503" {
        examples: [("Unavailable", "The service cannot answer right now. Please retry.")],
        headers: [RETRY_AFTER],
    }
}

/// Of a route with a browser session that needs no credential: another site's page may not use it.
#[derive(Debug)]
pub enum Visitor {}

/// Of a route whose path holds a campaign's secret.
#[derive(Debug)]
pub enum WebhookHolder {}

macro_rules! groups {
    ($($group:ty: $($refusal:ident),+;)+) => {$(
        impl IntoResponses for $group {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($refusal::responses()),+].into_iter().flatten().collect()
            }
        }
    )+};
}

groups! {
    TokenBearer: BadRequest, Unauthorized, TooManyRequests, InternalServerError, Unavailable;
    SessionUser: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    Admin: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    Auditor: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    Inquirer: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    AccountInForce: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    CallTrigger: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    CampaignViewer: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    CampaignEditor: BadRequest, Unauthorized, Forbidden, TooManyRequests, InternalServerError, Unavailable;
    WebhookHolder: BadRequest, NotFound, TooManyRequests, InternalServerError, Unavailable;
    Visitor: Forbidden, InternalServerError, Unavailable;
}

/// Every refusal by its name.
pub(super) fn components() -> impl Iterator<Item = (&'static str, Response)> {
    ALL.iter().map(|refusal| (refusal.name, refusal.response()))
}

impl Refusal {
    fn response(&self) -> Response {
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(ErrorBody::name())))
            .examples_from_iter(self.examples.iter().map(|(error, message)| {
                let value = json!({ "error": error, "message": message });
                (*error, ExampleBuilder::new().value(Some(value)).build())
            }))
            .build();
        let description = self.description.trim().replace("  ", " ");
        let response = ResponseBuilder::new().description(description);
        let response = response.content("application/json", content);
        self.headers
            .iter()
            .fold(response, |response, (name, description, kind)| {
                response.header(*name, header(description, Object::with_type(kind.clone())))
            })
            .build()
    }
}

/// A header that always comes with a reply.
pub(super) fn header(description: &str, schema: Object) -> Header {
    HeaderBuilder::new()
        .schema(Some(schema))
        .description(Some(description))
        .extensions(Some(Extensions::from_iter([("required", json!(true))])))
        .build()
}
