//! Random things that happen to a few users, accounts and campaigns. Refusals by the rules are part of it.

use api::commands::{CommandError, Commands};
use domain::token::{Generation, RevocationReason};
use domain::{
    AccountCommand, AccountId, AccountRole, AssistantId, CampaignCommand, CampaignId, TokenCommand,
    TokenId, UserCommand, UserId, WebhookCommand, WebhookId,
};
use projections::{Actor, StoreError, Submission, Via};
use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use crate::stage::{Stage, TestStore, person};

/// To whom and what it happens.
pub(crate) struct Life {
    users: Vec<UserId>,
    accounts: Vec<AccountId>,
    assistants: Vec<(AccountId, AssistantId)>,
    /// Some are not created yet.
    campaigns: Vec<CampaignId>,
}

impl Life {
    pub(crate) async fn begin<S: TestStore>(stage: &Stage<S>) -> Self {
        let (mut users, mut accounts, mut assistants) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..4 {
            users.push(stage.user().await);
        }
        for user in &users[..3] {
            accounts.push(stage.account(*user).await);
        }
        for account in [&accounts[..], &accounts[..]].concat() {
            assistants.push((account, stage.assistant(account).await));
        }
        let mut campaigns = Vec::new();
        for account in &accounts {
            campaigns.extend([stage.campaign(*account).await, stage.campaign_id()]);
        }
        Self { users, accounts, assistants, campaigns }
    }

    /// Lets so many things happen.
    pub(crate) async fn live<S: TestStore>(
        &self,
        stage: &Stage<S>,
        chance: &mut StdRng,
        commands: usize,
    ) {
        for _ in 0..commands {
            let happened = if chance.random() {
                self.happen_to_people(stage, chance).await
            } else {
                self.happen_to_campaigns(stage, chance).await
            };
            match happened {
                Ok(())
                | Err(
                    CommandError::Token(_)
                    | CommandError::User(_)
                    | CommandError::Account(_)
                    | CommandError::Call(_)
                    | CommandError::Campaign(_)
                    | CommandError::Webhook(_)
                    | CommandError::Store(StoreError::UserNotActive),
                ) => {}
                Err(CommandError::Store(other)) => panic!("{other:?}"),
            }
        }
    }

    async fn happen_to_people<S: TestStore>(
        &self,
        stage: &Stage<S>,
        chance: &mut StdRng,
    ) -> Result<(), CommandError> {
        let user = *self.users.choose(chance).unwrap();
        let account = *self.accounts.choose(chance).unwrap();
        let (at, by, commands) = (stage.now(), stage.by(user), &stage.commands);
        let role =
            *[AccountRole::Admin, AccountRole::Member, AccountRole::Viewer].choose(chance).unwrap();
        match chance.random_range(0..20) {
            0..6 => stage.try_generate(user, &stage.fresh()).await.map(drop),
            6..9 => {
                let (expected_generation, fresh) = (None, stage.fresh());
                let command = TokenCommand::Regenerate { expected_generation, fresh, at };
                commands.token(user, command, by).await.map(drop)
            }
            9..11 => {
                let (expected_generation, reason) = (None, RevocationReason::Administrator);
                let command = TokenCommand::Revoke { expected_generation, reason, at };
                commands.token(user, command, by).await.map(drop)
            }
            11 => commands.user(user, UserCommand::Lock { at }, by).await.map(drop),
            12 | 13 => commands.user(user, UserCommand::Unlock { at }, by).await.map(drop),
            14..17 => {
                let command = AccountCommand::PutMember { user_id: user, role, at };
                commands.account(account, command, by).await.map(drop)
            }
            17 | 18 => {
                let command = AccountCommand::RemoveMember { user_id: user, at };
                commands.account(account, command, by).await.map(drop)
            }
            _ if chance.random_ratio(1, 10) => {
                commands.account(account, AccountCommand::Close { at }, by).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    async fn happen_to_campaigns<S: TestStore>(
        &self,
        stage: &Stage<S>,
        chance: &mut StdRng,
    ) -> Result<(), CommandError> {
        let (account, assistant) = *self.assistants.choose(chance).unwrap();
        let campaign = *self.campaigns.choose(chance).unwrap();
        let (at, by, commands) = (stage.now(), self.someone(stage, chance), &stage.commands);
        match chance.random_range(0..20) {
            0..4 => {
                let details = stage.details(stage.call_id());
                stage.try_call(account, assistant, details, by).await.map(drop)
            }
            // It comes back with the name that it had.
            4 => {
                let command = AccountCommand::AddAssistant { assistant_id: assistant, at };
                commands.account(account, command, by).await.map(drop)
            }
            5 => {
                let command = AccountCommand::RemoveAssistant { assistant_id: assistant, at };
                commands.account(account, command, by).await.map(drop)
            }
            6..13 => {
                let people = 1..=chance.random_range(1..=4);
                let people: Vec<_> = people.map(|_| person(chance.random_range(0..30))).collect();
                stage.try_add(campaign, &people, by).await.map(drop)
            }
            13 if chance.random_ratio(1, 4) => {
                commands.campaign(campaign, CampaignCommand::Archive { at }, by).await.map(drop)
            }
            13 | 14 => stage.try_campaign(account, campaign, by).await.map(drop),
            15..19 => stage.try_rotate(campaign, &stage.fresh_webhook(), by).await.map(drop),
            _ => commands.webhook(campaign, WebhookCommand::Revoke { at }, by).await.map(drop),
        }
    }

    /// Somebody with one of the rights there are, with an idempotency key or without.
    fn someone<S: TestStore>(&self, stage: &Stage<S>, chance: &mut StdRng) -> Submission {
        let user = *self.users.choose(chance).unwrap();
        let credential = stage.fresh().id.as_uuid();
        let generation = Generation::FIRST;
        let (user_id, via) = match chance.random_range(0..3) {
            0 => (Some(user), Via::Session),
            1 => (Some(user), Via::Token { token_id: TokenId::new(credential), generation }),
            _ => (None, Via::Webhook { webhook_id: WebhookId::new(credential), generation }),
        };
        let idempotency_key = chance.random_ratio(1, 3).then(|| stage.idempotency_key());
        Submission { actor: Actor { user_id, via }, idempotency_key, ..stage.by(user) }
    }
}
