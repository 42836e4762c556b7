//! The rows about persons that belong to an event.

use std::collections::HashSet;

use domain::campaign::{Prospect, RecordOutcome};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use domain::{CampaignEvent, ProspectId};

use super::{Transaction, refusal};
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
pub(super) async fn write(
    tx: &mut impl Transaction,
    particulars: &Particulars,
    events: &[RecordedEvent],
) -> Result<(), StoreError> {
    let statements = match particulars {
        Particulars::User(profile) => return enrol(tx, profile).await,
        Particulars::Account { account_id, name } => {
            vec![Statement::new(INSERT_ACCOUNT_PROFILE).bind(account_id.to_string()).bind(&**name)]
        }
        Particulars::Assistant { assistant_id, name, phone_number } => vec![
            Statement::new(INSERT_ASSISTANT_PROFILE)
                .bind(assistant_id.to_string())
                .bind(&**name)
                .bind(phone_number.as_str()),
        ],
        Particulars::Call(details) => vec![insert_call_details(details)],
        Particulars::Campaign { campaign_id, name, match_secret } => vec![
            Statement::new(INSERT_CAMPAIGN_PROFILE)
                .bind(campaign_id.to_string())
                .bind(&**name)
                .bind(match_secret.as_bytes().to_vec()),
        ],
        Particulars::Prospects(candidates) => {
            let added = added_prospects(events);
            let new = candidates.iter().filter(|(id, _)| added.contains(id));
            new.map(|(id, prospect)| insert_prospect_profile(*id, prospect)).collect()
        }
    };
    for statement in statements {
        tx.execute(statement).await.map_err(refusal)?;
    }
    Ok(())
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

async fn enrol(tx: &mut impl Transaction, profile: &NewUserProfile) -> Result<(), StoreError> {
    let statement = Statement::new(INSERT_USER_PROFILE)
        .bind(profile.user_id.to_string())
        .bind(&*profile.email)
        .bind(&*profile.name)
        .bind(profile.password_hash.clone())
        .bind(profile.is_founder.then_some(true));
    tx.execute(statement).await.map_err(refusal)?;
    match &profile.setup {
        SetupStep::None => Ok(()),
        SetupStep::Issue(code) => {
            tx.execute(issue_setup_code(code)).await.map(drop).map_err(refusal)
        }
        SetupStep::Redeem { digest, at } => {
            let redeem = Statement::new(REDEEM_SETUP_CODE).bind(digest.to_vec()).bind(*at);
            match tx.execute(redeem).await.map_err(refusal)? {
                0 => Err(StoreError::SetupCodeRefused),
                _ => Ok(()),
            }
        }
    }
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
