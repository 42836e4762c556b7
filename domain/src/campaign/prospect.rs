//! A person whom a campaign is about. Personal, so it is never part of an event.

use std::fmt;

use super::{MatchKey, MatchSecret};
use crate::contact::{EmailAddress, LinkedinUrl, PhoneNumber};

/// Why a record is no prospect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "needs one contact (email, linkedinUrl or phone) or a full identity (firstName, lastName and company)"
)]
pub struct UnknownPerson;

/// What is told of a person. Texts are trimmed and not empty.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ProspectRecord {
    /// Given name.
    pub first_name: Option<String>,
    /// Family name.
    pub last_name: Option<String>,
    /// Where the person works.
    pub company: Option<String>,
    /// As what.
    pub job_title: Option<String>,
    /// E-mail address.
    pub email: Option<EmailAddress>,
    /// Page at LinkedIn.
    pub linkedin_url: Option<LinkedinUrl>,
    /// Telephone number.
    pub phone: Option<PhoneNumber>,
}

/// Personal, so it shows nothing.
impl fmt::Debug for ProspectRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProspectRecord(..)")
    }
}

/// A record by which a person can be reached or known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prospect(ProspectRecord);

impl Prospect {
    /// Accepts a record with a contact, or with both names and the company.
    ///
    /// # Errors
    /// When it has neither.
    pub fn try_new(record: ProspectRecord) -> Result<Self, UnknownPerson> {
        let ProspectRecord { first_name, last_name, company, email, linkedin_url, phone, .. } =
            &record;
        let has_contact = email.is_some() || linkedin_url.is_some() || phone.is_some();
        let has_identity = first_name.is_some() && last_name.is_some() && company.is_some();
        if has_contact || has_identity { Ok(Self(record)) } else { Err(UnknownPerson) }
    }

    /// What is told of the person.
    pub const fn record(&self) -> &ProspectRecord {
        &self.0
    }

    /// By what a campaign knows the person again, the surest first: the e-mail address, then the LinkedIn
    /// page; for someone who has neither, the phone number and names together, because a number may be
    /// a whole company's.
    pub fn match_keys(&self, secret: &MatchSecret) -> Vec<MatchKey> {
        let ProspectRecord { first_name, last_name, company, email, linkedin_url, phone, .. } =
            &self.0;
        let by_email = email.as_ref().map(|email| secret.key("email", &[email.as_str()]));
        let by_page = linkedin_url.as_ref().map(|url| secret.key("linkedin", &[&url.normalised()]));
        let mut keys: Vec<MatchKey> = by_email.into_iter().chain(by_page).collect();
        if keys.is_empty() {
            let lower = |text: &Option<String>| text.as_deref().unwrap_or_default().to_lowercase();
            let phone = phone.as_ref().map_or("", PhoneNumber::as_str);
            let names = [first_name, last_name, company].map(lower);
            let [first_name, last_name, company] = names.each_ref().map(String::as_str);
            keys.push(secret.key("person", &[phone, first_name, last_name, company]));
        }
        keys
    }
}
