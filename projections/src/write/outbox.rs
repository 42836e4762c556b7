//! The rows that say which endpoint is to be told of an event.

use std::collections::BTreeSet;

use cqrs_es::persist::SerializedEvent;
use domain::{AccountId, CampaignId};

use super::about;
use crate::StoreError;
use crate::announcement::{Announced, Place, Subscriber, Subscribers, announced};
use crate::recorded::RecordedEvent;
use crate::sql::Statement;

const ENQUEUE: &str = "
INSERT INTO deliveries (aggregate_type, aggregate_id, sequence, endpoint, event_type,
                        next_attempt_at, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";

const ENQUEUE_IF_CAMPAIGN: &str = "
INSERT INTO deliveries (aggregate_type, aggregate_id, sequence, endpoint, event_type,
                        next_attempt_at, created_at, updated_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8
FROM campaigns
WHERE campaign_id = $9
  AND account_id IN ";

/// One row for each endpoint that is told of the event.
pub(super) fn deliveries(
    event: &SerializedEvent,
    recorded: &RecordedEvent,
    subscribers: &Subscribers,
) -> Result<Vec<Statement>, StoreError> {
    let Some(announced) = announced(&recorded.happening) else { return Ok(Vec::new()) };
    let mut rows = Vec::new();
    for subscriber in subscribers.of(announced.kind) {
        match (&subscriber.accounts, announced.place) {
            (None, _) => rows.push(row(ENQUEUE.to_owned(), event, subscriber, &announced)?),
            (Some(accounts), Place::Account(account_id)) => {
                if accounts.contains(&account_id) {
                    rows.push(row(ENQUEUE.to_owned(), event, subscriber, &announced)?);
                }
            }
            (Some(accounts), Place::Campaign(campaign_id)) => {
                let text = format!("{ENQUEUE_IF_CAMPAIGN}{}", numbers(accounts));
                let row = row(text, event, subscriber, &announced)?;
                rows.push(of_accounts(row, campaign_id, accounts));
            }
            (Some(_), Place::Nowhere) => {}
        }
    }
    Ok(rows)
}

fn row(
    text: String,
    event: &SerializedEvent,
    subscriber: &Subscriber,
    announced: &Announced,
) -> Result<Statement, StoreError> {
    Ok(about(text, event)?
        .bind(&*subscriber.endpoint)
        .bind(announced.kind.as_str())
        .bind(announced.at)
        .bind(announced.at)
        .bind(announced.at))
}

/// `($10, $11, …)`
fn numbers(accounts: &BTreeSet<AccountId>) -> String {
    let numbers: Vec<_> = (10..10 + accounts.len()).map(|number| format!("${number}")).collect();
    format!("({})", numbers.join(", "))
}

fn of_accounts(
    row: Statement,
    campaign_id: CampaignId,
    accounts: &BTreeSet<AccountId>,
) -> Statement {
    let row = row.bind(campaign_id.to_string());
    accounts.iter().fold(row, |row, account_id| row.bind(account_id.to_string()))
}
