//! A campaign of an account and the prospects in it. Who they are is not here: that is personal, and
//! lives in ordinary tables; the campaign knows them by [`MatchKey`]s.
//!
//! **Invariant:** no two prospects of a campaign share a match key.

mod event;
mod match_key;
mod prospect;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use cqrs_es::Aggregate;
use cqrs_es::event_sink::EventSink;
use serde::{Deserialize, Serialize};

pub use event::{CampaignEvent, RecordOutcome};
pub use match_key::{InvalidMatchKey, MatchKey, MatchSecret};
pub use prospect::{Prospect, ProspectRecord, UnknownPerson};

use crate::{AccountId, ProspectId, Recall, Recalls};

/// The aggregate.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Campaign {
    state: State,
    known: HashMap<MatchKey, ProspectId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum State {
    #[default]
    Unknown,
    Active,
    Archived,
}

/// A record as the campaign sees it: an id to have if it is new, and what it may be known by, the surest
/// first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The prospect's id, if it becomes one.
    pub prospect_id: ProspectId,
    /// From [`Prospect::match_keys`].
    pub keys: Vec<MatchKey>,
}

/// What can be asked of a campaign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CampaignCommand {
    /// Let the campaign exist.
    Create {
        /// In which account.
        account_id: AccountId,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Add those whom the campaign does not know yet.
    AddProspects {
        /// In the order in which they were sent.
        candidates: Vec<Candidate>,
        /// When it was asked.
        at: DateTime<Utc>,
    },
    /// Take no more prospects.
    Archive {
        /// When it was asked.
        at: DateTime<Utc>,
    },
}

/// Why a command was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CampaignError {
    /// The id is taken.
    #[error("the campaign id is taken")]
    AlreadyCreated,
    /// There is no such campaign.
    #[error("there is no such campaign")]
    NotCreated,
    /// It takes no more prospects.
    #[error("the campaign is archived")]
    Archived,
}

impl Campaign {
    fn decide(&self, command: CampaignCommand) -> Result<Option<CampaignEvent>, CampaignError> {
        match (command, self.state) {
            (CampaignCommand::Create { account_id, at }, State::Unknown) => {
                Ok(Some(CampaignEvent::CampaignCreated { account_id, at }))
            }
            (CampaignCommand::Create { .. }, State::Active | State::Archived) => {
                Err(CampaignError::AlreadyCreated)
            }
            (_, State::Unknown) => Err(CampaignError::NotCreated),
            (CampaignCommand::AddProspects { candidates, at }, State::Active) => {
                Ok(Some(CampaignEvent::ProspectsAdded { records: self.sort(candidates), at }))
            }
            (CampaignCommand::AddProspects { .. }, State::Archived) => Err(CampaignError::Archived),
            (CampaignCommand::Archive { at }, State::Active) => {
                Ok(Some(CampaignEvent::CampaignArchived { at }))
            }
            // The state asked for holds.
            (CampaignCommand::Archive { .. }, State::Archived) => Ok(None),
        }
    }

    /// Tells new prospects from known ones, those further up in the same request included.
    fn sort(&self, candidates: Vec<Candidate>) -> Vec<RecordOutcome> {
        let mut added: HashMap<MatchKey, ProspectId> = HashMap::new();
        let mut outcomes = Vec::with_capacity(candidates.len());
        for Candidate { prospect_id, keys } in candidates {
            let known = keys.iter().find_map(|key| self.known.get(key).or_else(|| added.get(key)));
            outcomes.push(if let Some(prospect_id) = known.copied() {
                RecordOutcome::Duplicate { prospect_id }
            } else {
                added.extend(keys.iter().map(|key| (*key, prospect_id)));
                RecordOutcome::Added { prospect_id, keys }
            });
        }
        outcomes
    }
}

impl Recalls for Campaign {
    const RECALL: Recall = Recall::Every;
}

impl Aggregate for Campaign {
    const TYPE: &'static str = "campaign";
    type Command = CampaignCommand;
    type Event = CampaignEvent;
    type Error = CampaignError;
    type Services = ();

    async fn handle(
        &mut self,
        command: Self::Command,
        (): &Self::Services,
        sink: &EventSink<Self>,
    ) -> Result<(), Self::Error> {
        if let Some(event) = self.decide(command)? {
            sink.write(event, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: Self::Event) {
        match event {
            CampaignEvent::CampaignCreated { .. } => self.state = State::Active,
            CampaignEvent::ProspectsAdded { records, .. } => {
                for record in records {
                    match record {
                        RecordOutcome::Added { prospect_id, keys } => {
                            self.known.extend(keys.into_iter().map(|key| (key, prospect_id)));
                        }
                        RecordOutcome::Duplicate { .. } => {}
                    }
                }
            }
            CampaignEvent::CampaignArchived { .. } => self.state = State::Archived,
        }
    }
}
