//! Which tokens to list: what the form says, what the address of the list says, and what the store is asked.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::UserId;
use domain::token::RevocationReason;
use projections::audit::history::TokenHistoryKind;
use projections::{TokenFilter, TokenStatus};
use serde::Deserialize;

use crate::app::App;
use crate::error::ApiError;
use crate::extract;
use crate::pages::text;

/// A token that was neither made nor used for so long is stale.
pub(super) const STALE_DAYS: i64 = 90;

/// As texts, as the form has them; empty = whichever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Filters {
    /// In the form an e-mail address or an id, in an address only an id.
    pub(super) user: String,
    pub(super) status: String,
    pub(super) reason: String,
    pub(super) made: String,
    pub(super) issued_from: String,
    pub(super) issued_to: String,
    pub(super) ended_from: String,
    pub(super) ended_to: String,
    pub(super) only: String,
}

/// A value and what people read instead of it.
pub(super) type Choice = (&'static str, &'static str);

pub(super) const STATUSES: [Choice; 3] =
    [("live", text::LIVE), ("replaced", text::REPLACED), ("revoked", text::REVOKED)];

pub(super) const REASONS: [Choice; 4] = [
    ("owner", text::REASON_OWNER),
    ("bearer", text::REASON_BEARER),
    ("administrator", text::REASON_ADMINISTRATOR),
    ("user_locked", text::REASON_LOCKED),
];

pub(super) const MADE: [Choice; 2] =
    [("generated", text::MADE_ANEW), ("regenerated", text::MADE_BY_ROTATION)];

pub(super) const ONLY: [Choice; 2] = [("leavers", text::LEAVERS), ("stale", text::STALE)];

impl Filters {
    /// Of live tokens whose owners have gone.
    pub(super) fn leavers() -> Self {
        Self { only: "leavers".to_owned(), ..Self::default() }
    }

    /// Of live tokens that nobody uses.
    pub(super) fn stale() -> Self {
        Self { only: "stale".to_owned(), ..Self::default() }
    }

    fn pairs(&self) -> [(&'static str, &str); 9] {
        [
            ("user", &self.user),
            ("status", &self.status),
            ("reason", &self.reason),
            ("made", &self.made),
            ("issuedFrom", &self.issued_from),
            ("issuedTo", &self.issued_to),
            ("endedFrom", &self.ended_from),
            ("endedTo", &self.ended_to),
            ("only", &self.only),
        ]
    }

    /// The query of the list. Names nobody but by id.
    pub(super) fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.pairs() {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        query.finish()
    }

    /// The same with the user's id instead of the e-mail address.
    ///
    /// # Errors
    /// `Validation` when there is no such user.
    pub(super) async fn resolve(mut self, app: &App) -> Result<Self, ApiError> {
        let named = self.user.trim();
        if named.contains('@') {
            let email = extract::email(named)?;
            let found = app.store.find_user_id_by_email(&email).await?;
            let found = found.ok_or_else(|| refused(text::NO_SUCH_USER))?;
            self.user = found.to_string();
        } else {
            self.user = named.to_owned();
        }
        Ok(self)
    }

    /// Whom the address names.
    ///
    /// # Errors
    /// `Validation` for what is no id.
    pub(super) fn user_id(&self) -> Result<Option<UserId>, ApiError> {
        let id = said(&self.user).map(str::parse).transpose();
        id.map_err(|_| refused(text::NO_SUCH_USER))
    }

    /// What the store is asked.
    ///
    /// # Errors
    /// `Validation` for what cannot be understood.
    pub(super) fn read(&self, now: DateTime<Utc>) -> Result<TokenFilter, ApiError> {
        let mut filter = TokenFilter {
            user_id: self.user_id()?,
            status: choice("state", &self.status, TokenStatus::parse)?,
            reason: choice("reason", &self.reason, reason)?,
            made: choice("made", &self.made, made)?,
            generated_since: date(&self.issued_from)?.map(midnight),
            generated_until: date(&self.issued_to)?.map(next_midnight),
            invalidated_since: date(&self.ended_from)?.map(midnight),
            invalidated_until: date(&self.ended_to)?.map(next_midnight),
            ..TokenFilter::default()
        };
        match said(&self.only) {
            None => {}
            Some("leavers") => {
                filter.of_leavers = true;
                filter.status = filter.status.or(Some(TokenStatus::Live));
            }
            Some("stale") => {
                filter.idle_since = Some(now - TimeDelta::days(STALE_DAYS));
                filter.status = filter.status.or(Some(TokenStatus::Live));
            }
            Some(_) => return Err(refused("only is not one of the choices")),
        }
        Ok(filter)
    }
}

fn said(text: &str) -> Option<&str> {
    let text = text.trim();
    (!text.is_empty()).then_some(text)
}

fn refused(text: &str) -> ApiError {
    ApiError::Validation(text.to_owned())
}

fn choice<T>(
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, ApiError> {
    let Some(text) = said(text) else { return Ok(None) };
    parse(text).map(Some).ok_or_else(|| refused(&format!("{field} is not one of the choices")))
}

fn reason(text: &str) -> Option<RevocationReason> {
    RevocationReason::ALL.into_iter().find(|reason| reason.as_str() == text)
}

fn made(text: &str) -> Option<TokenHistoryKind> {
    use TokenHistoryKind::{Generated, Regenerated};
    [Generated, Regenerated].into_iter().find(|kind| kind.as_verb() == text)
}

fn date(text: &str) -> Result<Option<NaiveDate>, ApiError> {
    let date = said(text).map(str::parse).transpose();
    date.map_err(|_| refused("a date must be written like 2026-05-03"))
}

/// When a day begins, in UTC.
pub(super) fn midnight(date: NaiveDate) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc()
}

/// When a day is over.
pub(super) fn next_midnight(date: NaiveDate) -> DateTime<Utc> {
    midnight(date.succ_opt().unwrap_or(date))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_777_816_800, 0).unwrap()
    }

    #[test]
    fn what_a_query_says_is_what_was_asked() {
        let filters = Filters {
            user: "01980000-0000-7000-8000-000000000001".to_owned(),
            issued_from: "2026-05-03".to_owned(),
            ended_to: "2026-05-04".to_owned(),
            reason: "user_locked".to_owned(),
            ..Filters::default()
        };
        let query = filters.query();
        assert_eq!(
            query,
            "user=01980000-0000-7000-8000-000000000001&reason=user_locked&issuedFrom=2026-05-03\
             &endedTo=2026-05-04"
        );
        let filter = filters.read(now()).unwrap();
        assert_eq!(filter.user_id.unwrap().to_string(), filters.user);
        assert_eq!(filter.reason, Some(RevocationReason::UserLocked));
        assert_eq!(filter.generated_since.unwrap().to_rfc3339(), "2026-05-03T00:00:00+00:00");
        let until = filter.invalidated_until.unwrap().to_rfc3339();
        assert_eq!(until, "2026-05-05T00:00:00+00:00", "the last day counts");
        assert_eq!((filter.generated_until, filter.invalidated_since), (None, None));
        assert_eq!(Filters::default().query(), "");
        assert_eq!(Filters::default().read(now()).unwrap(), TokenFilter::default());
    }

    #[test]
    fn leavers_and_stale_tokens_are_live_unless_one_asks_otherwise() {
        let leavers = Filters::leavers().read(now()).unwrap();
        assert_eq!((leavers.of_leavers, leavers.status), (true, Some(TokenStatus::Live)));
        let stale = Filters::stale().read(now()).unwrap();
        assert_eq!(stale.idle_since, Some(now() - TimeDelta::days(90)));
        let dead = Filters { status: "revoked".to_owned(), ..Filters::leavers() };
        assert_eq!(dead.read(now()).unwrap().status, Some(TokenStatus::Revoked));
    }

    #[test]
    fn what_cannot_be_understood_is_refused() {
        let with = |change: fn(&mut Filters)| {
            let mut filters = Filters::default();
            change(&mut filters);
            filters.read(now())
        };
        let changes: [fn(&mut Filters); 7] = [
            |it| it.user = "grace@example.test".to_owned(),
            |it| it.status = "dead".to_owned(),
            |it| it.reason = "boredom".to_owned(),
            |it| it.made = "revoked".to_owned(),
            |it| it.issued_from = "yesterday".to_owned(),
            |it| it.ended_to = "2026-02-30".to_owned(),
            |it| it.only = "others".to_owned(),
        ];
        for change in changes {
            assert!(matches!(with(change), Err(ApiError::Validation(_))));
        }
    }

    #[test]
    fn every_choice_of_the_form_is_understood() {
        for (value, _) in STATUSES {
            assert!(TokenStatus::parse(value).is_some(), "{value}");
        }
        for (value, _) in REASONS {
            assert!(reason(value).is_some(), "{value}");
        }
        for (value, _) in MADE {
            assert!(made(value).is_some(), "{value}");
        }
        for (value, _) in ONLY {
            let only = Filters { only: value.to_owned(), ..Filters::default() };
            assert!(only.read(now()).is_ok(), "{value}");
        }
    }
}
