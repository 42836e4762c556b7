//! What a call is asked for with.

use std::str::FromStr;

use chrono_tz::Tz;
use domain::contact::{EmailAddress, PhoneNumber};
use domain::{AssistantId, CallId};
use projections::{AssistantEntry, CallDetails};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Object, contact, name, text};
use crate::openapi::values;

/// Entries of `data`.
pub const DATA_KEYS: usize = 50;
/// Size of `data`, written without spaces.
const DATA_BYTES: usize = 16 * 1024;

/// The call to trigger.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewCall {
    /// Who makes the call: the id of an assistant of the account.
    assistant_id: String,
    /// Of the person called.
    #[schema(value_type = values::Name, examples("Bob"))]
    name: String,
    /// Whom to call, in E.164 form.
    #[schema(value_type = values::PhoneNumber)]
    phone_number: String,
    /// Of the person called.
    #[schema(value_type = Option<values::Email>)]
    email: Option<String>,
    /// Where the person is: the IANA name of a time zone.
    #[schema(value_type = Option<values::TimeZone>)]
    timezone: Option<String>,
    /// What the assistant should know: at most 50 entries and 16 KiB.
    #[schema(value_type = Option<values::CallData>)]
    data: Option<Object<Map<String, Value>>>,
    /// To whom the assistant may hand over, and how.
    #[schema(value_type = Option<CallTransfer>)]
    call_transfer: Option<Object<CallTransfer>>,
}

/// To whom the assistant may hand over, and how.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CallTransfer {
    /// To whom, in E.164 form.
    #[schema(value_type = values::PhoneNumber)]
    phone_number: String,
    /// When to hand over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<values::Speech>)]
    description: Option<String>,
    /// What to say to the person called.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<values::Speech>)]
    message: Option<String>,
    /// What to say to whom it is handed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<values::Speech>)]
    message_to_receiver: Option<String>,
}

impl NewCall {
    /// The assistant that is asked for. One that is not well-formed names nothing.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn assistant_id(&self) -> Result<AssistantId, ApiError> {
        self.assistant_id.parse().map_err(|_| ApiError::NotFound)
    }

    /// What `assistant` needs to know for the call.
    ///
    /// # Errors
    /// `Validation`, naming the field.
    pub fn details(
        self,
        call_id: CallId,
        assistant: AssistantEntry,
    ) -> Result<CallDetails, ApiError> {
        let email = self.email.as_deref();
        Ok(CallDetails {
            call_id,
            name: name("name", &self.name)?,
            phone_number: contact("phoneNumber", PhoneNumber::parse(&self.phone_number))?,
            from_number: assistant.phone_number,
            email: email.map(|email| contact("email", EmailAddress::parse(email))).transpose()?,
            timezone: self.timezone.map(timezone).transpose()?,
            data: self.data.map(|Object(entries)| data(entries)).transpose()?,
            call_transfer: self
                .call_transfer
                .map(|Object(transfer)| transfer.checked())
                .transpose()?,
        })
    }
}

impl CallTransfer {
    fn checked(self) -> Result<Value, ApiError> {
        contact("callTransfer.phoneNumber", PhoneNumber::parse(&self.phone_number))?;
        for (field, value) in [
            ("callTransfer.description", &self.description),
            ("callTransfer.message", &self.message),
            ("callTransfer.messageToReceiver", &self.message_to_receiver),
        ] {
            if let Some(value) = value {
                text(field, value)?;
            }
        }
        serde_json::to_value(self).map_err(|error| ApiError::Internal(error.into()))
    }
}

fn timezone(name: String) -> Result<String, ApiError> {
    match Tz::from_str(&name) {
        Ok(_) => Ok(name),
        Err(_) => Err(ApiError::Validation(
            "timezone must be the IANA name of a time zone, like America/New_York".to_owned(),
        )),
    }
}

fn data(entries: Map<String, Value>) -> Result<Value, ApiError> {
    let entry_count = entries.len();
    let value = Value::Object(entries);
    if entry_count > DATA_KEYS || value.to_string().len() > DATA_BYTES {
        return Err(ApiError::Validation(
            "data must have at most 50 entries and 16 KiB".to_owned(),
        ));
    }
    Ok(value)
}
