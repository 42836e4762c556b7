//! How deliveries and endpoints are shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::AccountId;
use projections::DeliveryEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::deliveries::{Endpoint, message_id};
use crate::openapi::values;

/// Something to tell an endpoint, and what became of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub struct DeliveryReply {
    #[schema(value_type = values::DeliveryId)]
    id: String,
    /// Always `delivery`.
    object_type: &'static str,
    /// To whom.
    #[schema(value_type = values::EndpointName)]
    endpoint: String,
    /// Of what.
    #[schema(value_type = values::EventType)]
    r#type: String,
    /// The `webhook-id` of every attempt.
    #[schema(examples("msg_token_0198c0de-0000-7000-8000-000000000001_3"))]
    message_id: String,
    #[schema(value_type = values::DeliveryStatus)]
    status: &'static str,
    /// Attempts whose outcome is known, since the event or the last replay.
    #[schema(minimum = 0)]
    attempts: i64,
    /// Not before; null when it is not to be sent.
    #[schema(required)]
    next_attempt_at: Option<DateTime<Utc>>,
    /// The HTTP status of the last attempt; null when none came.
    #[schema(required)]
    last_status: Option<i64>,
    /// Why the last attempt failed; null when it did not, or none was made.
    #[schema(required)]
    last_error: Option<String>,
    /// When the event happened.
    created_at: DateTime<Utc>,
    /// When it was last attempted or replayed.
    updated_at: DateTime<Utc>,
}

impl From<DeliveryEntry> for DeliveryReply {
    fn from(entry: DeliveryEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            object_type: "delivery",
            message_id: message_id(&entry.event),
            endpoint: entry.endpoint,
            r#type: entry.event_type,
            status: entry.status.as_str(),
            attempts: entry.attempts,
            next_attempt_at: entry.status.is_pending().then_some(entry.next_attempt_at),
            last_status: entry.last_status,
            last_error: entry.last_error,
            created_at: entry.created_at,
            updated_at: entry.updated_at,
        }
    }
}

/// An endpoint, without its path and its key.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Endpoint)]
pub struct EndpointReply {
    #[schema(value_type = values::EndpointName)]
    name: String,
    /// Always `endpoint`.
    object_type: &'static str,
    /// Where it is.
    #[schema(examples("https://example.com"))]
    origin: String,
    /// What it is told of.
    #[schema(value_type = Vec<values::EventType>)]
    events: Vec<&'static str>,
    /// In which accounts; null for all, and for what happens in none.
    #[schema(value_type = Option<Vec<Uuid>>, required)]
    accounts: Option<BTreeSet<AccountId>>,
}

impl From<&Endpoint> for EndpointReply {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            name: endpoint.name().to_owned(),
            object_type: "endpoint",
            origin: endpoint.origin(),
            events: endpoint.events().iter().map(|event| event.as_str()).collect(),
            accounts: endpoint.accounts().cloned(),
        }
    }
}
