//! The records with which prospects are added.

use std::fmt;

use domain::campaign::{Prospect, ProspectRecord};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
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

/// Several when the first field is `data`. Nothing is read twice, so that a field that is given twice or is
/// unknown is refused as anywhere else.
impl<'de> Deserialize<'de> for Records {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordsVisitor)
    }
}

struct RecordsVisitor;

impl<'de> Visitor<'de> for RecordsVisitor {
    type Value = Records;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Records, A::Error> {
        let first = map.next_key::<String>()?;
        let is_several = first.as_deref() == Some("data");
        let fields = MapAccessDeserializer::new(WithFirst { first, map });
        if is_several {
            NewProspects::deserialize(fields).map(Records::Several)
        } else {
            NewProspect::deserialize(fields).map(Records::One)
        }
    }
}

/// A map whose first key was read already.
struct WithFirst<A> {
    first: Option<String>,
    map: A,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithFirst<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        match self.first.take() {
            Some(key) => seed.deserialize(key.into_deserializer()).map(Some),
            None => self.map.next_key_seed(seed),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.map.next_value_seed(seed)
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
