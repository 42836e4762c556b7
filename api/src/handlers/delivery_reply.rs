//! How deliveries and endpoints are shown.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::AccountId;
use projections::DeliveryEntry;
use serde::Serialize;

use crate::deliveries::{Endpoint, message_id};

/// Something to tell an endpoint, and what became of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReply {
    id: String,
    object_type: &'static str,
    endpoint: String,
    r#type: String,
    message_id: String,
    status: &'static str,
    attempts: i64,
    next_attempt_at: Option<DateTime<Utc>>,
    last_status: Option<i64>,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
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
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointReply {
    name: String,
    object_type: &'static str,
    origin: String,
    events: Vec<&'static str>,
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
