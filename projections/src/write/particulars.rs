//! The rows about persons that belong to an event.

use std::collections::HashSet;

use domain::campaign::{Prospect, RecordOutcome};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use domain::{CampaignEvent, ProspectId};

use super::Step;
use crate::StoreError;
use crate::particulars::{CallDetails, NewUserProfile, Particulars, SetupCode, SetupStep};
use crate::recorded::{Happening, RecordedEvent};
use crate::sql::Statement;

const INSERT_ACCOUNT_PROFILE: &str = "
INSERT INTO account_profiles (account_id, name)
VALUES ($1, $2)";

const INSERT_USER_PROFILE: &str = "
INSERT INTO user_profiles (user_id, email, name, password_hash, is_founder)
VALUES ($1, $2, $3, $4, $5)";

const REDEEM_SETUP_CODE: &str = "
UPDATE setup_codes
SET used_at = $2
WHERE code_digest = $1
  AND user_id IS NULL
  AND used_at IS NULL
  AND expires_at > $2";

const INSERT_ASSISTANT_PROFILE: &str = "
INSERT INTO assistant_profiles (assistant_id, name, phone_number)
VALUES ($1, $2, $3)";

const INSERT_CALL_DETAILS: &str = "
INSERT INTO call_details (call_id, name, phone_number, from_number, email, timezone, data, call_transfer)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const INSERT_CAMPAIGN_PROFILE: &str = "
INSERT INTO campaign_profiles (campaign_id, name, match_secret)
VALUES ($1, $2, $3)";

const INSERT_PROSPECT_PROFILE: &str = "
INSERT INTO prospect_profiles (prospect_id, first_name, last_name, company, job_title, email, linkedin_url, phone)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

/// Writes what belongs to `events`.
pub(super) fn steps(particulars: &Particulars, events: &[RecordedEvent]) -> Vec<Step> {
    match particulars {
        Particulars::User(profile) => enrol(profile),
        Particulars::Account { account_id, name } => {
            let statement = Statement::new(INSERT_ACCOUNT_PROFILE);
            vec![statement.bind(account_id.to_string()).bind(&**name).into()]
        }
        Particulars::Assistant { assistant_id, name, phone_number } => {
            let statement = Statement::new(INSERT_ASSISTANT_PROFILE).bind(assistant_id.to_string());
            vec![statement.bind(&**name).bind(phone_number.as_str()).into()]
        }
        Particulars::Call(details) => vec![insert_call_details(details).into()],
        Particulars::Campaign { campaign_id, name, match_secret } => {
            let statement = Statement::new(INSERT_CAMPAIGN_PROFILE).bind(campaign_id.to_string());
            vec![statement.bind(&**name).bind(match_secret.as_bytes().to_vec()).into()]
        }
        Particulars::Prospects(candidates) => {
            let added = added_prospects(events);
            let new = candidates.iter().filter(|(id, _)| added.contains(id));
            new.map(|(id, prospect)| insert_prospect_profile(*id, prospect).into()).collect()
        }
    }
}

fn insert_call_details(details: &CallDetails) -> Statement {
    Statement::new(INSERT_CALL_DETAILS)
        .bind(details.call_id.to_string())
        .bind(&*details.name)
        .bind(details.phone_number.as_str())
        .bind(details.from_number.as_str())
        .bind(details.email.as_ref().map(|email| email.as_str().to_owned()))
        .bind(details.timezone.clone())
        .bind(details.data.clone())
        .bind(details.call_transfer.clone())
}

fn insert_prospect_profile(id: ProspectId, prospect: &Prospect) -> Statement {
    let record = prospect.record();
    Statement::new(INSERT_PROSPECT_PROFILE)
        .bind(id.to_string())
        .bind(record.first_name.clone())
        .bind(record.last_name.clone())
        .bind(record.company.clone())
        .bind(record.job_title.clone())
        .bind(record.email.as_ref().map(EmailAddress::as_str).map(str::to_owned))
        .bind(record.linkedin_url.as_ref().map(LinkedinUrl::as_str).map(str::to_owned))
        .bind(record.phone.as_ref().map(PhoneNumber::as_str).map(str::to_owned))
}

/// Those whom the campaign did not know.
fn added_prospects(events: &[RecordedEvent]) -> HashSet<ProspectId> {
    let mut added = HashSet::new();
    for event in events {
        if let Happening::Campaign(_, CampaignEvent::ProspectsAdded { records, .. }) =
            &event.happening
        {
            added.extend(records.iter().filter_map(|record| match record {
                RecordOutcome::Added { prospect_id, .. } => Some(*prospect_id),
                RecordOutcome::Duplicate { .. } => None,
            }));
        }
    }
    added
}

fn enrol(profile: &NewUserProfile) -> Vec<Step> {
    let insert = Statement::new(INSERT_USER_PROFILE)
        .bind(profile.user_id.to_string())
        .bind(&*profile.email)
        .bind(&*profile.name)
        .bind(profile.password_hash.clone())
        .bind(profile.is_founder.then_some(true));
    let setup = match &profile.setup {
        SetupStep::None => None,
        SetupStep::Issue(code) => Some(issue_setup_code(code).into()),
        SetupStep::Redeem { digest, at } => {
            let redeem = Statement::new(REDEEM_SETUP_CODE).bind(digest.to_vec()).bind(*at);
            Some(Step::must_change(redeem, StoreError::SetupCodeRefused))
        }
    };
    [insert.into()].into_iter().chain(setup).collect()
}

/// Makes a set-up code usable.
pub(crate) fn issue_setup_code(code: &SetupCode) -> Statement {
    Statement::new(
        "
INSERT INTO setup_codes (code_digest, user_id, expires_at)
VALUES ($1, $2, $3)",
    )
    .bind(code.digest.to_vec())
    .bind(code.user_id.map(|id| id.to_string()))
    .bind(code.expires_at)
}
