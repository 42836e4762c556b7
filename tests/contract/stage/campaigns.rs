//! What tokens are used for, on the stage.

use api::commands::{CommandError, Commands, Receipt};
use domain::campaign::{Candidate, MatchSecret, Prospect, ProspectRecord, RecordOutcome};
use domain::contact::{EmailAddress, LinkedinUrl, PhoneNumber};
use domain::webhook::FreshWebhook;
use domain::{
    AccountCommand, AccountId, AssistantId, CallCommand, CallEvent, CallId, CampaignCommand,
    CampaignEvent, CampaignId, ProspectId, UserId, WebhookCommand, WebhookEvent, WebhookId,
};
use projections::{CallDetails, IdempotencyKey, Particulars, Submission};

use super::{Stage, TestStore};

/// What keys the match keys of every campaign on the stage.
const MATCH_SECRET: MatchSecret = MatchSecret::new([0x3a; 32]);

/// A person known by a number: two with the same number are one.
pub(crate) fn person(number: usize) -> Prospect {
    let record = ProspectRecord {
        first_name: Some("Pat".to_owned()),
        last_name: Some(format!("Person No. {number}")),
        company: Some("Prospect Works".to_owned()),
        job_title: Some("Buyer".to_owned()),
        email: EmailAddress::parse(&format!("pat-{number}@prospect.test")).ok(),
        linkedin_url: LinkedinUrl::parse(&format!("https://linkedin.com/in/pat-{number}")).ok(),
        phone: PhoneNumber::parse(&format!("+1415555{number:04}")).ok(),
    };
    Prospect::try_new(record).expect("it has contacts")
}

/// Who became a prospect.
pub(crate) fn added(events: &[CampaignEvent]) -> Vec<ProspectId> {
    let records = events.iter().flat_map(|event| match event {
        CampaignEvent::ProspectsAdded { records, .. } => records.as_slice(),
        CampaignEvent::CampaignCreated { .. } | CampaignEvent::CampaignArchived { .. } => &[],
    });
    let id = |record: &RecordOutcome| match record {
        RecordOutcome::Added { prospect_id, .. } => Some(*prospect_id),
        RecordOutcome::Duplicate { .. } => None,
    };
    records.filter_map(id).collect()
}

impl<S: TestStore> Stage<S> {
    pub(crate) fn campaign_id(&self) -> CampaignId {
        CampaignId::new(self.uuid())
    }

    pub(crate) fn call_id(&self) -> CallId {
        CallId::new(self.uuid())
    }

    pub(crate) fn assistant_id(&self) -> AssistantId {
        AssistantId::new(self.uuid())
    }

    /// A key nobody has used, for a request nobody has made.
    pub(crate) fn idempotency_key(&self) -> IdempotencyKey {
        let (mut digest, mut request_digest) = ([0xe1; 32], [0xe2; 32]);
        digest[..8].copy_from_slice(&self.next().to_be_bytes());
        request_digest[..8].copy_from_slice(&self.next().to_be_bytes());
        IdempotencyKey { digest, request_digest, at: self.now() }
    }

    /// The circumstances of a command that is sent under a key.
    pub(crate) fn under(&self, key: &IdempotencyKey, user_id: UserId) -> Submission {
        Submission { idempotency_key: Some(key.clone()), ..self.by(user_id) }
    }

    /// Adds the assistant with its name and number.
    pub(crate) async fn try_assistant(
        &self,
        account_id: AccountId,
        assistant_id: AssistantId,
    ) -> Result<(), CommandError> {
        let command = AccountCommand::AddAssistant { assistant_id, at: self.now() };
        let particulars = Some(Particulars::Assistant {
            assistant_id,
            name: format!("Assistant No. {}", self.next()),
            phone_number: PhoneNumber::parse("+14155559999").expect("it is one"),
        });
        let submission = Submission { particulars, ..self.by(self.user_id()) };
        self.commands.account(account_id, command, submission).await.map(drop)
    }

    /// An assistant of the account.
    pub(crate) async fn assistant(&self, account_id: AccountId) -> AssistantId {
        let assistant_id = self.assistant_id();
        self.try_assistant(account_id, assistant_id).await.expect("the account is open");
        assistant_id
    }

    pub(crate) async fn remove_assistant(&self, account: AccountId, assistant: AssistantId) {
        let command = AccountCommand::RemoveAssistant { assistant_id: assistant, at: self.now() };
        self.in_account(account, command).await;
    }

    /// Whom a call is for.
    pub(crate) fn details(&self, call_id: CallId) -> CallDetails {
        let number = self.next();
        CallDetails {
            call_id,
            name: format!("Callee No. {number}"),
            phone_number: PhoneNumber::parse("+442071838750").expect("it is one"),
            from_number: PhoneNumber::parse("+14155559999").expect("it is one"),
            email: EmailAddress::parse(&format!("callee-{number}@called.test")).ok(),
            timezone: Some("Europe/London".to_owned()),
            data: Some(serde_json::json!({ "ticketId": format!("T{number}") })),
            call_transfer: Some(serde_json::json!({ "phoneNumber": "+442071838751" })),
        }
    }

    pub(crate) async fn try_call(
        &self,
        account_id: AccountId,
        assistant_id: AssistantId,
        details: CallDetails,
        submission: Submission,
    ) -> Result<Receipt<CallEvent>, CommandError> {
        let call_id = details.call_id;
        let command = CallCommand::Trigger { account_id, assistant_id, at: self.now() };
        let particulars = Some(Particulars::Call(details));
        self.commands.call(call_id, command, Submission { particulars, ..submission }).await
    }

    /// A call that was triggered.
    pub(crate) async fn call(&self, account: AccountId, assistant: AssistantId) -> CallId {
        let call_id = self.call_id();
        let (details, submission) = (self.details(call_id), self.by(self.user_id()));
        self.try_call(account, assistant, details, submission).await.expect("the id is new");
        call_id
    }

    pub(crate) async fn try_campaign(
        &self,
        account_id: AccountId,
        campaign_id: CampaignId,
        submission: Submission,
    ) -> Result<Receipt<CampaignEvent>, CommandError> {
        let command = CampaignCommand::Create { account_id, at: self.now() };
        let name = format!("Campaign No. {}", self.next());
        let match_secret = MATCH_SECRET;
        let particulars = Some(Particulars::Campaign { campaign_id, name, match_secret });
        self.commands.campaign(campaign_id, command, Submission { particulars, ..submission }).await
    }

    /// A campaign of the account.
    pub(crate) async fn campaign(&self, account_id: AccountId) -> CampaignId {
        let campaign_id = self.campaign_id();
        let submission = self.by(self.user_id());
        self.try_campaign(account_id, campaign_id, submission).await.expect("the id is new");
        campaign_id
    }

    /// The command that adds these people, and what belongs to it.
    pub(crate) fn adding(&self, people: &[Prospect]) -> (CampaignCommand, Particulars) {
        let with_id = |person: &Prospect| (ProspectId::new(self.uuid()), person.clone());
        let people: Vec<_> = people.iter().map(with_id).collect();
        let candidate = |(prospect_id, person): &(ProspectId, Prospect)| Candidate {
            prospect_id: *prospect_id,
            keys: person.match_keys(&MATCH_SECRET),
        };
        let candidates = people.iter().map(candidate).collect();
        let command = CampaignCommand::AddProspects { candidates, at: self.now() };
        (command, Particulars::Prospects(people))
    }

    pub(crate) async fn try_add(
        &self,
        campaign_id: CampaignId,
        people: &[Prospect],
        submission: Submission,
    ) -> Result<Receipt<CampaignEvent>, CommandError> {
        let (command, particulars) = self.adding(people);
        let submission = Submission { particulars: Some(particulars), ..submission };
        self.commands.campaign(campaign_id, command, submission).await
    }

    /// Adds these people; says who became a prospect.
    pub(crate) async fn add(&self, campaign: CampaignId, people: &[Prospect]) -> Vec<ProspectId> {
        let submission = self.by(self.user_id());
        let receipt = self.try_add(campaign, people, submission).await;
        added(&receipt.expect("the campaign is active").events)
    }

    pub(crate) async fn archive(&self, campaign_id: CampaignId) {
        let command = CampaignCommand::Archive { at: self.now() };
        let submission = self.by(self.user_id());
        let outcome = self.commands.campaign(campaign_id, command, submission).await;
        outcome.expect("the campaign is known");
    }

    /// A webhook URL nobody has seen before.
    pub(crate) fn fresh_webhook(&self) -> FreshWebhook {
        let fresh = self.fresh();
        FreshWebhook {
            id: WebhookId::new(fresh.id.as_uuid()),
            digest: fresh.digest,
            hint: fresh.hint,
        }
    }

    /// Asks for a URL that replaces any other.
    pub(crate) async fn try_rotate(
        &self,
        campaign_id: CampaignId,
        fresh: &FreshWebhook,
        submission: Submission,
    ) -> Result<Receipt<WebhookEvent>, CommandError> {
        let command = WebhookCommand::Rotate {
            expected_generation: None,
            fresh: fresh.clone(),
            at: self.now(),
        };
        self.commands.webhook(campaign_id, command, submission).await
    }

    /// A live URL of the campaign, in place of any other.
    pub(crate) async fn rotate(&self, campaign_id: CampaignId) -> FreshWebhook {
        let fresh = self.fresh_webhook();
        let submission = self.by(self.user_id());
        self.try_rotate(campaign_id, &fresh, submission).await.expect("the store is there");
        fresh
    }

    pub(crate) async fn revoke_webhook(&self, campaign_id: CampaignId) {
        let command = WebhookCommand::Revoke { at: self.now() };
        let submission = self.by(self.user_id());
        let outcome = self.commands.webhook(campaign_id, command, submission).await;
        outcome.expect("the store is there");
    }
}
