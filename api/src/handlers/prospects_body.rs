//! The records with which prospects are added.

use domain::campaign::{Prospect, ProspectRecord};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::extract::{Object, contact, name};
use crate::openapi::values;

/// Records in one request.
const RECORDS: usize = 20;

/// The records to add, 1 to 20.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProspects {
    /// 1 to 20.
    #[schema(value_type = Vec<NewProspect>, min_items = 1, max_items = 20)]
    data: Vec<Object<NewProspect>>,
}

/// A person: one contact (`email`, `linkedinUrl` or `phone`) or a full identity (`firstName`, `lastName` and
/// `company`) at least.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewProspect {
    /// Given name.
    #[schema(value_type = Option<values::Name>)]
    first_name: Option<String>,
    /// Family name.
    #[schema(value_type = Option<values::Name>)]
    last_name: Option<String>,
    /// Where the person works.
    #[schema(value_type = Option<values::Name>)]
    company: Option<String>,
    /// As what.
    #[schema(value_type = Option<values::Name>)]
    job_title: Option<String>,
    /// E-mail address.
    #[schema(value_type = Option<values::Email>)]
    email: Option<String>,
    /// Page at LinkedIn.
    #[schema(value_type = Option<values::LinkedinUrl>)]
    linkedin_url: Option<String>,
    /// In E.164 form.
    #[schema(value_type = Option<values::PhoneNumber>)]
    phone: Option<String>,
}

/// What a webhook URL takes: one record, or several under `data`.
#[derive(ToSchema)]
#[serde(untagged)]
pub enum Records {
    /// One person.
    One(NewProspect),
    /// Several.
    Several(NewProspects),
}

impl Records {
    /// All of them, or none.
    ///
    /// # Errors
    /// `Validation`, naming the first record that cannot be used.
    pub fn prospects(self) -> Result<Vec<Prospect>, ApiError> {
        match self {
            Self::One(record) => NewProspects { data: vec![Object(record)] }.prospects(),
            Self::Several(records) => records.prospects(),
        }
    }
}

/// Tells them apart by the name `data`, so that an error can say which field is wrong.
impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(deserializer)?;
        let is_several = fields.contains_key("data");
        let value = Value::Object(fields);
        if is_several {
            serde_path_to_error::deserialize(value).map(Self::Several).map_err(D::Error::custom)
        } else {
            serde_path_to_error::deserialize(value).map(Self::One).map_err(D::Error::custom)
        }
    }
}

impl NewProspects {
    /// All of them, or none.
    ///
    /// # Errors
    /// `Validation`, naming the first record that cannot be used.
    pub fn prospects(self) -> Result<Vec<Prospect>, ApiError> {
        if !(1..=RECORDS).contains(&self.data.len()) {
            return Err(ApiError::Validation("data must have 1 to 20 records".to_owned()));
        }
        let records = self.data.into_iter().enumerate();
        records.map(|(index, Object(record))| record.prospect(&format!("data[{index}]"))).collect()
    }
}

impl NewProspect {
    fn prospect(self, place: &str) -> Result<Prospect, ApiError> {
        let named = |field: &str, value: Option<String>| {
            value.map(|value| name(&format!("{place}.{field}"), &value)).transpose()
        };
        let field = |name: &str| format!("{place}.{name}");
        let email = self.email.as_deref().map(EmailAddress::parse);
        let linkedin_url = self.linkedin_url.as_deref().map(LinkedinUrl::parse);
        let phone = self.phone.as_deref().map(PhoneNumber::parse);
        let record = ProspectRecord {
            first_name: named("firstName", self.first_name)?,
            last_name: named("lastName", self.last_name)?,
            company: named("company", self.company)?,
            job_title: named("jobTitle", self.job_title)?,
            email: email.map(|email| contact(&field("email"), email)).transpose()?,
            linkedin_url: linkedin_url
                .map(|url| contact(&field("linkedinUrl"), url))
                .transpose()?,
            phone: phone.map(|phone| contact(&field("phone"), phone)).transpose()?,
        };
        Prospect::try_new(record).map_err(|error| ApiError::Validation(format!("{place} {error}")))
    }
}
