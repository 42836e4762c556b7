//! What is the same for all operations, and so is not said at each handler.

use serde_json::json;
use utoipa::Modify;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{KnownFormat, OpenApi, RefOr, SchemaFormat};

use super::refusals::{self, header};
use crate::auth::middleware::ACCOUNT_ID;
use crate::router::REQUEST_ID;

/// Adds the refusals, the credentials, the headers of every reply, and the reply's account.
pub(super) struct Finish;

impl Modify for Finish {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, refusal) in refusals::components() {
            components.responses.insert(name.to_owned(), RefOr::T(refusal));
        }
        components.add_security_scheme("bearer", bearer());
        components.add_security_scheme("session", session());
        components.responses.values_mut().for_each(add_request_id);
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            operation.description = operation.description.as_deref().map(without_headings);
            let acts_in_an_account = operation.parameters.iter().flatten().any(names_the_account);
            for (status, response) in &mut operation.responses.responses {
                add_request_id(response);
                if acts_in_an_account && status.starts_with('2') {
                    add_account(response);
                }
            }
        }
    }
}

fn operations(path: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = path;
    [get, put, post, delete, patch].into_iter().flatten()
}

/// A doc comment's headings would stand out of the page.
fn without_headings(description: &str) -> String {
    description.replace("# Errors\n", "**Errors:** ")
}

fn names_the_account(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.name == ACCOUNT_ID.as_str())
}

fn add_request_id(response: &mut RefOr<Response>) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = text.pattern(Some("^[0-9A-Za-z_.-]{1,64}$")).build();
    let description = "Names the request in the logs: your `x-request-id`, or one made here.";
    add(response, REQUEST_ID.as_str(), description, text);
}

fn add_account(response: &mut RefOr<Response>) {
    let id = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
        .build();
    add(response, ACCOUNT_ID.as_str(), "The account that the request acted in.", id);
}

/// Adds a header that always comes.
fn add(response: &mut RefOr<Response>, name: &str, description: &str, schema: Object) {
    if let RefOr::T(response) = response {
        let mut header = header(description, schema);
        header.extensions = Some(Extensions::from_iter([("required", json!(true))]));
        response.headers.insert(name.to_owned(), RefOr::T(header));
    }
}

fn bearer() -> SecurityScheme {
    let description = "An API token: `Authorization: Bearer YOUR_API_TOKEN`. Exactly one such header, \
                       and never a token in the URL.";
    SecurityScheme::Http(
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build(),
    )
}

fn session() -> SecurityScheme {
    let description = "A browser session, from `POST /v1/session`. Where the server is reached by \
                       https, the cookie's name is `__Host-symbolon_session`. When a bearer token is \
                       sent too, the token decides.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "symbolon_session",
        description,
    )))
}
