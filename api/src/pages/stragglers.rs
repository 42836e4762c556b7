//! Who still sends a dead token: the part of the settings page that tells, and the form that hides it.

use axum::extract::State;
use axum::response::Redirect;
use chrono::{DateTime, SecondsFormat, Utc};
use projections::Straggler;
use serde::Deserialize;

use super::frame::PageUser;
use super::time::Moment;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::FormBody;

/// Those that the page tells of.
pub(super) struct StragglersView {
    pub(super) lines: Vec<StragglerView>,
    /// When the latest of them was refused last: what comes later is not hidden by the form.
    pub(super) until: String,
}

/// One of them.
pub(super) struct StragglerView {
    pub(super) agent: Option<String>,
    pub(super) address: Option<String>,
    pub(super) generation: String,
    pub(super) first: Moment,
    pub(super) last: Moment,
    pub(super) requests: i64,
}

/// `None` when there is nothing to tell.
pub(super) fn stragglers_view(stragglers: Vec<Straggler>) -> Option<StragglersView> {
    let until = stragglers.iter().map(|straggler| straggler.last_at).max()?;
    let lines = stragglers.into_iter().map(|straggler| StragglerView {
        agent: straggler.user_agent,
        address: straggler.address,
        generation: straggler.generation.to_string(),
        first: Moment::new(straggler.first_at),
        last: Moment::new(straggler.last_at),
        requests: straggler.requests,
    });
    let until = until.to_rfc3339_opts(SecondsFormat::Micros, true);
    Some(StragglersView { lines: lines.collect(), until })
}

/// Until when everything was shown.
#[derive(Deserialize)]
pub struct Shown {
    until: DateTime<Utc>,
}

/// `POST …/stragglers/hide`. Answers 303 to the page, which tells of those that send a dead token again.
///
/// # Errors
/// `Validation` for a time that is none; `Unavailable` when the store cannot be asked.
pub async fn hide(
    State(app): State<App>,
    PageUser(person): PageUser,
    FormBody(form): FormBody<Shown>,
) -> Result<Redirect, ApiError> {
    app.store.note_stragglers(person.user_id, form.until).await?;
    Ok(Redirect::to("/user/settings/api-tokens"))
}
