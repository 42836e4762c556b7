//! `/audit`: what happened over time, what should be looked at, how far the history is proved, and who read it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::log::TreeHash;
use projections::{AuditReadEntry, KeptCheckpoint, PageRequest, ReadFilter, Registration};
use serde::Deserialize;

use super::filters::{Filters, MADE, ONLY, REASONS, STALE_DAYS, STATUSES, midnight, next_midnight};
use super::picture::Picture;
use super::reader::Asked;
use super::span::Span;
use crate::app::App;
use crate::error::ApiError;
use crate::extract::numeric;
use crate::pages::frame::{Frame, PageAuditor, secret_page, with_status};
use crate::pages::time::Moment;
use crate::pages::turns::{Turns, page_of};
use crate::pages::{assets, text};

/// Reads that are shown at once.
const READS: u32 = 10;
/// Checkpoints that are shown.
const CHECKPOINTS: u32 = 5;

#[derive(Template)]
#[template(path = "audit.html")]
struct OverviewPage<'a> {
    frame: Frame,
    alert: Option<&'a str>,
    spans: [Span; 4],
    span: Span,
    picture: Picture,
    leavers: u64,
    leavers_query: String,
    stale: u64,
    stale_query: String,
    filters: Filters,
    proof: ProofView,
    reads: Vec<ReadView>,
    read_turns: Turns,
}

struct ProofView {
    latest: Option<CheckpointView>,
    checkpoints: Vec<CheckpointView>,
    waiting: u64,
    key: String,
    /// What an export of what is covered is called.
    file: String,
}

struct CheckpointView {
    size: u64,
    root: TreeHash,
    made: Moment,
}

impl From<KeptCheckpoint> for CheckpointView {
    fn from(kept: KeptCheckpoint) -> Self {
        let KeptCheckpoint { head, made_at, .. } = kept;
        Self { size: head.size, root: head.root, made: Moment::exact(made_at) }
    }
}

struct ReadView {
    when: Moment,
    reader: String,
    how: &'static str,
    route: String,
    parameters: String,
    status: u16,
    /// The client's address.
    from: Option<String>,
}

impl From<AuditReadEntry> for ReadView {
    fn from(entry: AuditReadEntry) -> Self {
        let read = entry.read;
        let pairs = read.parameters.into_iter().map(|(name, value)| match value {
            Some(value) => format!("{name}={value}"),
            None => name,
        });
        Self {
            when: Moment::exact(read.at),
            reader: entry.email.unwrap_or_else(|| text::ERASED_USER.to_owned()),
            how: if read.token_id.is_some() { text::WITH_A_TOKEN } else { text::IN_THE_BROWSER },
            route: format!("{} {}", read.method, read.route),
            parameters: pairs.collect::<Vec<_>>().join(", "),
            status: read.status,
            from: read.address,
        }
    }
}

/// How far back, and which part of the reads.
#[derive(Default, Deserialize)]
pub struct OverviewQuery {
    days: Option<u32>,
    reads: Option<String>,
}

/// Answers 200.
///
/// # Errors
/// `Forbidden` without the role; `Validation` for a number of days or a cursor that cannot be used;
/// `Unavailable` when the store cannot be asked.
pub async fn show_overview(
    State(app): State<App>,
    PageAuditor(person): PageAuditor,
    Asked(query): Asked<OverviewQuery>,
) -> Result<Response, ApiError> {
    render(&app, &person, &query, None).await
}

/// The page with what went wrong.
///
/// # Errors
/// `Unavailable` when the store cannot be asked.
pub(super) async fn refusal(
    app: &App,
    person: &Registration,
    status: StatusCode,
    alert: &str,
) -> Result<Response, ApiError> {
    Ok(with_status(status, render(app, person, &OverviewQuery::default(), Some(alert)).await?))
}

async fn render(
    app: &App,
    person: &Registration,
    query: &OverviewQuery,
    alert: Option<&str>,
) -> Result<Response, ApiError> {
    let span = query.days.map_or(Some(Span::DEFAULT), Span::of).ok_or_else(|| {
        ApiError::Validation("days must be one of the numbers that this page names".to_owned())
    })?;
    let request = PageRequest { limit: READS, ..numeric(page_of(query.reads.as_deref())?)? };
    let reads = app.store.list_reads(&ReadFilter::default(), &request).await?;
    secret_page(&OverviewPage {
        frame: Frame::of(person),
        alert,
        spans: Span::ALL,
        span,
        picture: picture(app, span).await?,
        leavers: count(app, &Filters::leavers()).await?,
        leavers_query: Filters::leavers().query(),
        stale: count(app, &Filters::stale()).await?,
        stale_query: Filters::stale().query(),
        filters: Filters::default(),
        proof: proof(app).await?,
        read_turns: Turns::newest_first(&reads),
        reads: reads.data.into_iter().map(ReadView::from).collect(),
    })
}

async fn picture(app: &App, span: Span) -> Result<Picture, ApiError> {
    let today = app.now().date_naive();
    let dates = span.dates(today);
    let (since, until) = (midnight(*dates.start()), next_midnight(*dates.end()));
    let counts = app.store.count_token_events(since, until).await?;
    Ok(Picture::of(&span.buckets(today, &counts)))
}

async fn count(app: &App, filters: &Filters) -> Result<u64, ApiError> {
    Ok(app.store.count_audit_tokens(&filters.read(app.now())?).await?)
}

async fn proof(app: &App) -> Result<ProofView, ApiError> {
    let kept = app.store.list_checkpoints(CHECKPOINTS).await?;
    let file = kept.first().map(|latest| format!("symbolon-log-1-{}.ndjson", latest.head.size));
    Ok(ProofView {
        file: file.unwrap_or_else(|| "export.ndjson".to_owned()),
        latest: kept.first().cloned().map(CheckpointView::from),
        checkpoints: kept.into_iter().map(CheckpointView::from).collect(),
        waiting: app.store.count_waiting_events().await?,
        key: app.notary.verifier().to_string(),
    })
}
