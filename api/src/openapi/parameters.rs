//! The headers and query parameters that extractors read, as handlers name them: by the extractor.

use projections::DeliveryStatus;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{AnyOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, Required, SchemaFormat};

use super::values::ENDPOINT_NAME;
use crate::auth::AccountInForce;
use crate::auth::middleware::ACCOUNT_ID;
use crate::auth::permissions::{CallTrigger, CampaignEditor, CampaignViewer};
use crate::extract::{HistoryPaging, IfMatchGeneration, IfNoneMatch, LIMIT, Paging};
use crate::handlers::audit_query::TokenPaging;
use crate::handlers::list_deliveries::DeliveryQuery;

impl IntoParams for AccountInForce {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        let description = "The account to act in. Optional for a member of one account, required for a \
                           member of several; `GET /v1/token` lists yours.";
        vec![header(ACCOUNT_ID.as_str(), schema, description)]
    }
}

macro_rules! acts_in_an_account {
    ($($name:ty),+) => {$(
        impl IntoParams for $name {
            fn into_params(at: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
                AccountInForce::into_params(at)
            }
        }
    )+};
}

acts_in_an_account!(CallTrigger, CampaignViewer, CampaignEditor);

impl IntoParams for IfMatchGeneration {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let tag = text().pattern(Some(r#"^"[ !#-~]*"$"#)).examples([r#""3""#]);
        let schema = AnyOfBuilder::new().item(tag).item(text().enum_values(Some(["*"])));
        let description = "The `ETag` of the state that you have seen. When another generation is \
                           active by now, nothing happens and the answer is 412.";
        vec![header("If-Match", schema, description)]
    }
}

impl IntoParams for IfNoneMatch {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let schema = text().enum_values(Some(["*"]));
        let description = "Act only when no token is active; otherwise the answer is 412.";
        vec![header("If-None-Match", schema, description)]
    }
}

impl IntoParams for Paging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![limit(), cursor("^[np][0-9A-Fa-f-]+$")]
    }
}

impl IntoParams for HistoryPaging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![limit(), cursor("^[np][0-9]{1,18}$")]
    }
}

impl IntoParams for TokenPaging {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        vec![limit(), cursor("^[np][0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    }
}

impl IntoParams for DeliveryQuery {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let status = text().enum_values(Some(DeliveryStatus::ALL.map(DeliveryStatus::as_str)));
        let endpoint = text().pattern(Some(ENDPOINT_NAME));
        vec![
            parameter("status", ParameterIn::Query, status, "Only those that stand like this."),
            parameter("endpoint", ParameterIn::Query, endpoint, "Only those to this endpoint."),
            limit(),
            cursor("^[np][0-9]{1,18}$"),
        ]
    }
}

/// Of every operation that acts once for a key.
pub(super) fn idempotency_key() -> Parameter {
    let schema = text().pattern(Some(r"^[!-~]{1,255}$"));
    let description = "Names this request, for 24 hours: sent again with the same key and body, it is \
                       not carried out again and gets the same answer. What showed a secret the first \
                       time is 409 instead; the same key with another request is 422.";
    header("Idempotency-Key", schema, description)
}

fn limit() -> Parameter {
    let schema = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(*LIMIT.start()))
        .maximum(Some(*LIMIT.end()))
        .default(Some(crate::extract::DEFAULT_LIMIT.into()));
    parameter("limit", ParameterIn::Query, schema, "At most this many entries.")
}

fn cursor(pattern: &str) -> Parameter {
    let schema = text().pattern(Some(pattern));
    let description = "Where to go on: `next` or `previous` of another page. Opaque.";
    parameter("cursor", ParameterIn::Query, schema, description)
}

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn header(name: &str, schema: impl Into<RefOr<Schema>>, description: &str) -> Parameter {
    parameter(name, ParameterIn::Header, schema, description)
}

fn parameter(
    name: &str,
    at: ParameterIn,
    schema: impl Into<RefOr<Schema>>,
    description: &str,
) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(at)
        .required(Required::False)
        .schema(Some(schema))
        .description(Some(description))
        .build()
}
