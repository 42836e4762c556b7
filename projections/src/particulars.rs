//! What belongs to an event and must not be in it, because it tells of persons.

use chrono::{DateTime, Utc};
use domain::campaign::{MatchSecret, Prospect};
use domain::contact::{EmailAddress, PhoneNumber};
use domain::{AccountId, AssistantId, CallId, CampaignId, ProspectId, UserId};

/// Ordinary rows that must appear together with an event, or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Particulars {
    /// The person behind a user that is being registered.
    User(NewUserProfile),
    /// The name of an account that is being opened.
    Account {
        /// Which.
        account_id: AccountId,
        /// As people read it.
        name: String,
    },
    /// The name and number of an assistant that is being added.
    Assistant {
        /// Which.
        assistant_id: AssistantId,
        /// As people read it.
        name: String,
        /// Calls come from it.
        phone_number: PhoneNumber,
    },
    /// Whom a call that is being triggered is for.
    Call(CallDetails),
    /// The name of a campaign that is being created, and what keys its match keys.
    Campaign {
        /// Which.
        campaign_id: CampaignId,
        /// As people read it.
        name: String,
        /// Never leaves the database.
        match_secret: MatchSecret,
    },
    /// Who the candidates for a campaign are. Only those whom the event adds are written.
    Prospects(Vec<(ProspectId, Prospect)>),
}

/// Whom a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallDetails {
    /// Which call.
    pub call_id: CallId,
    /// Of the person called.
    pub name: String,
    /// Whom to call.
    pub phone_number: PhoneNumber,
    /// The assistant's number at that moment.
    pub from_number: PhoneNumber,
    /// Of the person called.
    pub email: Option<EmailAddress>,
    /// Where the person is: the IANA name of a time zone.
    pub timezone: Option<String>,
    /// A JSON object: what the assistant should know.
    pub data: Option<serde_json::Value>,
    /// A JSON object: to whom the assistant may hand over, and how.
    pub call_transfer: Option<serde_json::Value>,
}

/// The person behind a new user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewUserProfile {
    /// Whose.
    pub user_id: UserId,
    /// Lower case.
    pub email: String,
    /// As people read it.
    pub name: String,
    /// argon2id in PHC text form; `None` = chosen later with a set-up code.
    pub password_hash: Option<String>,
    /// The first user of the installation, of whom there is one.
    pub is_founder: bool,
    /// What happens to set-up codes.
    pub setup: SetupStep,
}

/// A single-use code by which someone chooses a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupCode {
    /// SHA-256 of the code.
    pub digest: [u8; 32],
    /// The invited user; `None` = whoever becomes the first user.
    pub user_id: Option<UserId>,
    /// Refused from then on.
    pub expires_at: DateTime<Utc>,
}

/// What a registration does with set-up codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupStep {
    /// Nothing: the password is known.
    None,
    /// Issue one for the new user.
    Issue(SetupCode),
    /// Use up the one that allowed this registration.
    Redeem {
        /// SHA-256 of the code.
        digest: [u8; 32],
        /// Now; a code is refused from its expiry on.
        at: DateTime<Utc>,
    },
}
