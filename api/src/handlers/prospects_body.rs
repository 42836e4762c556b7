//! The records with which prospects are added.

use domain::campaign::{Prospect, ProspectRecord};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use serde::Deserialize;

use crate::error::ApiError;
use crate::extract::{contact, name};

/// Records in one request.
const RECORDS: usize = 20;

/// The records to add, 1 to 20.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProspects {
    data: Vec<NewProspect>,
}

/// A person: one contact (`email`, `linkedinUrl` or `phone`) or a full identity (`firstName`, `lastName` and
/// `company`) at least.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NewProspect {
    /// Given name.
    first_name: Option<String>,
    /// Family name.
    last_name: Option<String>,
    /// Where the person works.
    company: Option<String>,
    /// As what.
    job_title: Option<String>,
    /// E-mail address.
    email: Option<String>,
    /// Page at LinkedIn.
    linkedin_url: Option<String>,
    /// In E.164 form.
    phone: Option<String>,
}

impl NewProspects {
    /// One record by itself.
    pub fn one(record: NewProspect) -> Self {
        Self { data: vec![record] }
    }

    /// All of them, or none.
    ///
    /// # Errors
    /// `Validation`, naming the first record that cannot be used.
    pub fn prospects(self) -> Result<Vec<Prospect>, ApiError> {
        if !(1..=RECORDS).contains(&self.data.len()) {
            return Err(ApiError::Validation("data must have 1 to 20 records".to_owned()));
        }
        let records = self.data.into_iter().enumerate();
        records.map(|(index, record)| record.prospect(&format!("data[{index}]"))).collect()
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
