//! Tokens as auditors read of them: whose, made when and by whom, and what ended them.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use domain::UserId;
use projections::{TokenDeed, TokenEnd, TokenEntry, TokenStatus};

use super::filters::REASONS;
use crate::app::App;
use crate::error::ApiError;
use crate::pages::text;
use crate::pages::time::Moment;

/// A token.
pub(super) struct TokenView {
    pub(super) user_id: String,
    /// The owner's e-mail address, or that it was erased.
    pub(super) user: String,
    pub(super) generation: String,
    pub(super) hint: String,
    pub(super) status: &'static str,
    /// Its class in the style sheet.
    pub(super) class: &'static str,
    /// Why it should not be live, when it should not.
    pub(super) warning: Option<&'static str>,
    pub(super) issued: DeedView,
    /// Address and client that made it.
    pub(super) from: Option<String>,
    pub(super) ended: Option<DeedView>,
    pub(super) last_used: Option<Moment>,
    /// When it was sent for the first time after its end.
    pub(super) first_refused: Option<Moment>,
}

/// Something that was done to a token.
pub(super) struct DeedView {
    /// Of an end: what it was.
    pub(super) what: String,
    pub(super) when: Moment,
    /// The exact time, to ask for what was so then.
    pub(super) at: String,
    pub(super) by: String,
}

/// E-mail addresses of those who did something.
pub(super) struct Names(HashMap<UserId, Option<String>>);

impl Names {
    /// Of all who did something to these.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be asked.
    pub(super) async fn of(app: &App, entries: &[TokenEntry]) -> Result<Self, ApiError> {
        let mut names = HashMap::new();
        for entry in entries {
            names.insert(entry.user_id, entry.email.clone());
        }
        let deeds = entries.iter().flat_map(|entry| {
            [Some(&entry.generated), entry.invalidated.as_ref().map(|(_, deed)| deed)]
        });
        let doers: BTreeSet<UserId> = deeds.flatten().filter_map(|deed| deed.by).collect();
        for doer in doers {
            if let Entry::Vacant(unknown) = names.entry(doer) {
                let known = app.store.find_known_user(doer).await?;
                unknown.insert(known.and_then(|known| known.email));
            }
        }
        Ok(Self(names))
    }

    fn byline(&self, deed: &TokenDeed, owner: UserId) -> String {
        let who = match deed.by {
            None => text::THE_SERVICE,
            Some(doer) if doer == owner => text::THE_OWNER,
            Some(doer) => match self.0.get(&doer) {
                Some(Some(email)) => email,
                Some(None) | None => text::AN_ERASED_USER,
            },
        };
        let by = format!("{} {who}", text::BY);
        match deed.via.as_str() {
            "session" => format!("{by} {}", text::IN_THE_BROWSER),
            "token" => format!("{by} {}", text::WITH_A_TOKEN),
            "setup" => format!("{by} {}", text::AT_SET_UP),
            "command_line" => format!("{by} {}", text::ON_THE_COMMAND_LINE),
            _system => by,
        }
    }

    fn deed(&self, what: String, deed: &TokenDeed, owner: UserId) -> DeedView {
        DeedView {
            what,
            when: Moment::exact(deed.at),
            at: deed.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            by: self.byline(deed, owner),
        }
    }
}

/// The address and the client, as far as they are known.
fn from_where(address: Option<String>, user_agent: Option<String>) -> Option<String> {
    let parts: Vec<_> = [address, user_agent].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// Why a token was revoked.
fn reason(reason: &str) -> &str {
    let known = REASONS.iter().find(|(value, _)| *value == reason);
    known.map_or(reason, |(_, words)| words)
}

impl TokenView {
    pub(super) fn new(entry: TokenEntry, names: &Names) -> Self {
        let owner = entry.user_id;
        let (status, class) = match entry.status() {
            TokenStatus::Live => (text::LIVE, "live"),
            TokenStatus::Replaced => (text::REPLACED, "rotated"),
            TokenStatus::Revoked => (text::REVOKED, "revoked"),
        };
        let is_live = entry.invalidated.is_none();
        let warning = match (entry.owner_is_locked, entry.owner_is_member) {
            (true, _) if is_live => Some(text::OWNER_IS_LOCKED),
            (false, false) if is_live => Some(text::OWNER_IS_NO_MEMBER),
            (true | false, _) => None,
        };
        let ended = entry.invalidated.as_ref().map(|(end, deed)| {
            let what = match end {
                TokenEnd::Replaced { .. } => {
                    format!("{} {}", text::REPLACED_BY_TOKEN, entry.generation.next())
                }
                TokenEnd::Revoked { reason: why } => format!("{}: {}", text::REVOKED, reason(why)),
            };
            names.deed(what, deed, owner)
        });
        Self {
            user_id: owner.to_string(),
            user: entry.email.unwrap_or_else(|| text::ERASED_USER.to_owned()),
            generation: entry.generation.to_string(),
            hint: entry.hint.as_str().to_owned(),
            status,
            class,
            warning,
            issued: names.deed(text::ISSUED.to_owned(), &entry.generated, owner),
            from: from_where(entry.address, entry.user_agent),
            ended,
            last_used: entry.last_used_at.map(Moment::exact),
            first_refused: entry.first_refused_at.map(Moment::exact),
        }
    }

    /// A page of them.
    ///
    /// # Errors
    /// `Unavailable` when the store cannot be asked.
    pub(super) async fn all(app: &App, entries: Vec<TokenEntry>) -> Result<Vec<Self>, ApiError> {
        let names = Names::of(app, &entries).await?;
        Ok(entries.into_iter().map(|entry| Self::new(entry, &names)).collect())
    }
}
