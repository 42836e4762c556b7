//! What is the same for all operations, and so is not said at each handler.

use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::{Operation, Parameter, PathItem};
use utoipa::openapi::response::Response;
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{KnownFormat, OpenApi, RefOr, SchemaFormat};
use utoipa::{IntoResponses, Modify};

use super::parameters::idempotency_key;
use super::refusals::{self, Conflict, IdempotencyKeyReused, header};
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
        if let Some(RefOr::T(Schema::Object(record))) = components.schemas.get_mut("NewProspect") {
            record.extensions =
                Some(Extensions::from_iter([("anyOf", one_way_to_know_a_person())]));
        }
        for post in document.paths.paths.iter_mut().filter_map(acts_once) {
            post.parameters.get_or_insert_default().push(RefOr::T(idempotency_key()));
            let responses =
                IdempotencyKeyReused::responses().into_iter().chain(Conflict::responses());
            post.responses.responses.extend(responses);
        }
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

/// Operations that take an `Idempotency-Key`: every `POST` but those by which people come in, where a
/// code or a password stands for itself, and the replay of a delivery, which is refused the second time.
fn acts_once<'a>((path, item): (&'a String, &'a mut PathItem)) -> Option<&'a mut Operation> {
    let takes_none =
        ["/v1/setup", "/v1/session", "/v1/admin/deliveries/{id}/replay"].contains(&path.as_str());
    item.post.as_mut().filter(|_| !takes_none)
}

/// What a record needs, and a list of required fields cannot say.
fn one_way_to_know_a_person() -> serde_json::Value {
    let given = |fields: &[&str]| {
        let texts: serde_json::Map<_, _> =
            fields.iter().map(|field| ((*field).to_owned(), json!({ "type": "string" }))).collect();
        json!({ "required": fields, "properties": texts })
    };
    json!([
        given(&["email"]),
        given(&["linkedinUrl"]),
        given(&["phone"]),
        given(&["firstName", "lastName", "company"]),
    ])
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

fn add(response: &mut RefOr<Response>, name: &str, description: &str, schema: Object) {
    if let RefOr::T(response) = response {
        response.headers.insert(name.to_owned(), RefOr::T(header(description, schema)));
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
