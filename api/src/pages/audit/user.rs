//! `/audit/users/{id}`: one user's tokens one after the other, and what was so at any moment.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use domain::UserId;
use projections::{Cursor, PageRequest, StateThen};
use serde::Deserialize;

use super::reader::Asked;
use super::telling::TokenView;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::{Ids, numeric};
use crate::pages::frame::{Frame, PageAuditor, secret_page};
use crate::pages::time::Moment;
use crate::pages::turns::{Turns, page_of};
use crate::pages::{assets, text};

/// After every generation that there is.
const AFTER_THE_LAST: &str = "999999999999999999";

#[derive(Template)]
#[template(path = "audit_user.html")]
struct UserPage<'a> {
    frame: Frame,
    id: UserId,
    email: Option<String>,
    now: StateView,
    then: Option<StateView>,
    alert: Option<&'a str>,
    /// What the form was given.
    at: String,
    tokens: Vec<TokenView>,
    turns: Turns,
}

/// What was so at one moment.
struct StateView {
    when: Moment,
    is_registered: bool,
    is_locked: bool,
    token: Option<(String, String, Moment)>,
    roles: String,
    memberships: Vec<(String, &'static str)>,
    /// In one sentence.
    verdict: &'static str,
}

impl StateView {
    /// At `at`, which is now or not.
    fn new(at: DateTime<Utc>, is_now: bool, state: StateThen) -> Self {
        let roles: Vec<_> = state.roles.iter().map(|role| role.as_str()).collect();
        let verdict = match (&state.token, state.is_locked, is_now) {
            (None, _, true) => text::NO_TOKEN_WORKS,
            (None, _, false) => text::NO_TOKEN_WORKED,
            (Some(_), true, true) => text::TOKEN_IS_REFUSED,
            (Some(_), true, false) => text::TOKEN_WAS_REFUSED,
            (Some(_), false, true) => text::TOKEN_WORKS,
            (Some(_), false, false) => text::TOKEN_WORKED,
        };
        Self {
            when: Moment { iso: rfc3339(at), text: precise(at) },
            is_registered: state.is_registered,
            is_locked: state.is_locked,
            token: state.token.map(|token| {
                let hint = token.hint.as_str().to_owned();
                (token.generation.to_string(), hint, Moment::exact(token.generated_at))
            }),
            roles: roles.join(", "),
            memberships: state
                .memberships
                .into_iter()
                .map(|it| (it.name.unwrap_or_else(|| it.account_id.to_string()), it.role.as_str()))
                .collect(),
            verdict,
        }
    }
}

/// When to look at, and which part of the tokens.
#[derive(Deserialize)]
pub struct UserQuery {
    at: Option<String>,
    tokens: Option<String>,
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// As people read it, with the fraction of the second when there is one.
fn precise(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M:%S%.f UTC").to_string()
}

/// A moment as a form or a link of this page writes it. A form means UTC, as the page says.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    let by_form = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    by_form.map(|at| at.and_utc()).or_else(|| text.parse().ok())
}

/// What was so at the moment that is asked about, or why that cannot be said.
async fn then(
    app: &App,
    id: UserId,
    at: &str,
) -> Result<Result<StateView, &'static str>, ApiError> {
    let Some(at) = moment(at) else { return Ok(Err(text::NO_MOMENT)) };
    if at > app.now() {
        return Ok(Err(text::NOT_YET));
    }
    Ok(Ok(StateView::new(at, false, app.store.find_state_as_of(id, at).await?)))
}

/// The page of a user's tokens, the newest first, beginning with the last.
fn page(cursor: Option<&str>) -> Result<PageRequest, ApiError> {
    let mut request = numeric(page_of(cursor)?)?;
    if request.cursor.is_none() {
        let key = AFTER_THE_LAST.to_owned();
        request.cursor = Some(Cursor { key, backward: true });
    }
    Ok(request)
}

/// Answers 200.
///
/// # Errors
/// `Forbidden` without the role; `NotFound` for someone the history does not know; `Validation` for a cursor that
/// cannot be used; `Unavailable` when the store cannot be asked.
pub async fn show_user(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
    Ids(id): Ids<UserId>,
    Asked(query): Asked<UserQuery>,
) -> Result<Response, ApiError> {
    let known = app.store.find_known_user(id).await?.ok_or(ApiError::NotFound)?;
    let lineage = app.store.list_lineage(id, &page(query.tokens.as_deref())?).await?;
    let now = app.now();
    let asked = query.at.filter(|at| !at.is_empty());
    let (then, alert) = match &asked {
        None => (None, None),
        Some(at) => match then(&app, id, at).await? {
            Ok(state) => (Some(state), None),
            Err(alert) => (None, Some(alert)),
        },
    };
    let mut turns = Turns::oldest_first(&lineage);
    if query.tokens.is_none() {
        turns.newer = None;
    }
    let mut tokens = TokenView::all(&app, lineage.data).await?;
    tokens.reverse();
    secret_page(&UserPage {
        frame: Frame::of(&person),
        id,
        email: known.email,
        now: StateView::new(now, true, app.store.find_state_as_of(id, now).await?),
        then,
        alert,
        at: asked.as_deref().and_then(moment).and_then(form_value).unwrap_or_default(),
        tokens,
        turns,
    })
}

/// As the form's field takes it. It takes no part of a second, so that a moment with one would be another.
fn form_value(at: DateTime<Utc>) -> Option<String> {
    (at.timestamp_subsec_nanos() == 0).then(|| at.format("%Y-%m-%dT%H:%M:%S").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_understood_as_forms_and_links_write_it() {
        for (said, meant) in [
            ("2026-05-03T14:05", "2026-05-03T14:05:00Z"),
            ("2026-05-03T14:05:09", "2026-05-03T14:05:09Z"),
            ("2026-05-03T14:05:09.25", "2026-05-03T14:05:09.250Z"),
            ("2026-05-03T14:05:09.250001Z", "2026-05-03T14:05:09.250001Z"),
            ("2026-05-03T16:05:09+02:00", "2026-05-03T14:05:09Z"),
        ] {
            assert_eq!(moment(said).map(rfc3339).as_deref(), Some(meant), "{said}");
        }
        for nothing in ["", "yesterday", "2026-05-03", "2026-02-30T14:05", "14:05"] {
            assert_eq!(moment(nothing), None, "{nothing}");
        }
    }
}
