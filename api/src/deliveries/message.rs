//! What an endpoint reads: made from the event and the read models when it is sent, so that nothing
//! personal waits in the outbox. What was erased in the meantime is null.
//!
//! **Invariant:** no secret, no digest, no hint.

use std::collections::HashMap;

use domain::campaign::RecordOutcome;
use domain::{
    AccountEvent, AccountId, AssistantId, CallEvent, CallId, CampaignEvent, CampaignId, ProspectId,
    TokenEvent, UserId,
};
use projections::announcement::announced;
use projections::recorded::{Happening, RecordedEvent};
use projections::{Actor, EventKey, ProspectEntry, ReadModels, StoreError, Via};
use serde_json::{Value, json};

/// The same for every attempt and every endpoint, so that a receiver notices what it has.
pub fn id(event: &EventKey) -> String {
    let EventKey { aggregate_type, aggregate_id, sequence } = event;
    format!("msg_{aggregate_type}_{aggregate_id}_{sequence}")
}

/// The body of the message.
///
/// # Errors
/// `Corrupt` for an event of which nothing is announced; `Unavailable` when the store cannot be asked.
pub(super) async fn body(
    store: &dyn ReadModels,
    event: &RecordedEvent,
) -> Result<String, StoreError> {
    let unannounced = || StoreError::Corrupt("the event is not one that is announced".into());
    let announced = announced(&event.happening).ok_or_else(unannounced)?;
    let mut data = match &event.happening {
        Happening::Token(user_id, happened) => Some(of_token(*user_id, happened)),
        Happening::Account(account_id, happened) => of_account(*account_id, happened),
        Happening::Call(call_id, CallEvent::CallTriggered { account_id, assistant_id, .. }) => {
            Some(of_call(store, *call_id, *account_id, *assistant_id).await?)
        }
        Happening::Campaign(campaign_id, happened) => {
            of_campaign(store, *campaign_id, happened).await?
        }
        Happening::User(..) | Happening::Webhook(..) => None,
    }
    .ok_or_else(unannounced)?;
    if let Value::Object(fields) = &mut data {
        fields.insert("actor".to_owned(), actor(event.actor));
    }
    let body = json!({ "type": announced.kind.as_str(), "timestamp": announced.at, "data": data });
    Ok(body.to_string())
}

/// As everywhere in the API, and the generation of the token or webhook URL.
fn actor(actor: Actor) -> Value {
    let generation = match actor.via {
        Via::Token { generation, .. } | Via::Webhook { generation, .. } => Some(generation),
        Via::Session | Via::Setup | Via::CommandLine | Via::System => None,
    };
    json!({
        "userId": actor.user_id,
        "via": actor.via.as_str(),
        "credentialId": actor.via.credential_id(),
        "credentialGeneration": generation,
    })
}

fn of_token(user_id: UserId, event: &TokenEvent) -> Value {
    match event {
        TokenEvent::TokenGenerated { token_id, generation, .. } => {
            json!({ "userId": user_id, "tokenId": token_id, "generation": generation })
        }
        TokenEvent::TokenRegenerated { token_id, generation, invalidated_token_id, .. } => json!({
            "userId": user_id,
            "tokenId": token_id,
            "generation": generation,
            "invalidatedTokenId": invalidated_token_id,
        }),
        TokenEvent::TokenRevoked { token_id, generation, reason, .. } => json!({
            "userId": user_id,
            "tokenId": token_id,
            "generation": generation,
            "reason": reason,
        }),
    }
}

fn of_account(account_id: AccountId, event: &AccountEvent) -> Option<Value> {
    match event {
        AccountEvent::MemberRemoved { user_id, .. } => {
            Some(json!({ "accountId": account_id, "userId": user_id }))
        }
        AccountEvent::AccountOpened { .. }
        | AccountEvent::MemberAdded { .. }
        | AccountEvent::MemberRoleChanged { .. }
        | AccountEvent::AssistantAdded { .. }
        | AccountEvent::AssistantRemoved { .. }
        | AccountEvent::AccountClosed { .. } => None,
    }
}

async fn of_call(
    store: &dyn ReadModels,
    call_id: CallId,
    account_id: AccountId,
    assistant_id: AssistantId,
) -> Result<Value, StoreError> {
    let details = store.find_call(account_id, call_id).await?.and_then(|call| call.details);
    let details = details.as_ref();
    Ok(json!({
        "accountId": account_id,
        "callId": call_id,
        "assistantId": assistant_id,
        "from": details.map(|details| &details.from_number),
        "to": details.map(|details| &details.phone_number),
        "name": details.map(|details| &details.name),
        "email": details.and_then(|details| details.email.as_ref()),
        "timezone": details.and_then(|details| details.timezone.as_ref()),
        "data": details.and_then(|details| details.data.as_ref()),
        "callTransfer": details.and_then(|details| details.call_transfer.as_ref()),
    }))
}

async fn of_campaign(
    store: &dyn ReadModels,
    campaign_id: CampaignId,
    event: &CampaignEvent,
) -> Result<Option<Value>, StoreError> {
    let records = match event {
        CampaignEvent::ProspectsAdded { records, .. } => records,
        CampaignEvent::CampaignCreated { .. } | CampaignEvent::CampaignArchived { .. } => {
            return Ok(None);
        }
    };
    let account_id = store.find_account_of(campaign_id).await?;
    let ids: Vec<_> = records.iter().filter_map(added).collect();
    let prospects = store.find_prospects(&ids).await?;
    let known: HashMap<_, _> = prospects.iter().map(|it| (it.prospect_id, it)).collect();
    let results: Vec<_> =
        (0..).zip(records).map(|(index, record)| of_record(index, record, &known)).collect();
    Ok(Some(json!({
        "accountId": account_id,
        "campaignId": campaign_id,
        "added": ids.len(),
        "duplicates": records.len() - ids.len(),
        "results": results,
    })))
}

fn added(record: &RecordOutcome) -> Option<ProspectId> {
    match record {
        RecordOutcome::Added { prospect_id, .. } => Some(*prospect_id),
        RecordOutcome::Duplicate { .. } => None,
    }
}

fn of_record(
    index: usize,
    record: &RecordOutcome,
    known: &HashMap<ProspectId, &ProspectEntry>,
) -> Value {
    let (status, prospect_id, prospect) = match record {
        RecordOutcome::Added { prospect_id, .. } => ("added", prospect_id, known.get(prospect_id)),
        RecordOutcome::Duplicate { prospect_id } => ("duplicate", prospect_id, None),
    };
    let prospect = prospect.map(|prospect| {
        json!({
            "firstName": prospect.first_name,
            "lastName": prospect.last_name,
            "company": prospect.company,
            "jobTitle": prospect.job_title,
            "email": prospect.email,
            "linkedinUrl": prospect.linkedin_url,
            "phone": prospect.phone,
        })
    });
    json!({ "index": index, "status": status, "prospectId": prospect_id, "prospect": prospect })
}
