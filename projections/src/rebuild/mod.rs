//! Makes the read models anew from the events, while the service goes on serving and writing.
//!
//! Rows are made beside those that are served, in a *scaffold*: tables of the same definition, filled by the
//! same statements in the order of the log. How far that came is written in the transaction of the rows, so a
//! rebuild that was killed goes on where it was. Then, in one snapshot, the scaffold is compared with all
//! events, folded in memory by aggregate, and with what is served. At last writers wait for a moment: events that
//! came since are applied and checked, and the rows that differ are replaced, all in one transaction.
//!
//! **Invariant:** until that transaction commits, nothing that is served has changed; and it does not begin while
//! the scaffold differs from the events in any row.

mod batch;
mod cell;
mod comparing;
mod events;
mod fold;
mod form;
mod mending;
mod scaffold;
mod watch;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

pub use cell::Cell;
pub use comparing::Differences;
pub use scaffold::{Column, Failure, Scaffold, Span};
pub use watch::{Step, Watch};

pub use form::Table;

use batch::Batch;
use comparing::{differences, differences_of, fold_all, is_last};
use events::{Known, Source};
use form::Plan;
use mending::Noted;

use crate::changes;
use crate::sql::Statement;

/// Pages of events in one transaction, at most: a few seconds of work.
const MOST_PAGES: u32 = 64;
/// Events that may be left to apply while writers wait.
const FEW: u64 = 20;
/// How often to catch up with writers before they wait, and how often to ask them to.
const ROUNDS: u32 = 10;
const TRIES: u32 = 5;

/// Why nothing was rebuilt. What is served is as it was, but for [`RebuildError::OutcomeUnknown`].
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// An event that this version does not understand.
    #[error("the event {event} cannot be applied: {reason}; nothing was changed")]
    Event {
        /// Aggregate type, aggregate id, sequence.
        event: String,
        /// Why.
        reason: String,
    },
    /// The log does not lead to every event.
    #[error(
        "the log of events is damaged: {0}; nothing was changed. See docs/AUDIT.md for what to do"
    )]
    Log(String),
    /// The rows that were made are not what the events say.
    #[error(
        "{0} rows were made otherwise than the events say; nothing was changed, and the next run begins anew"
    )]
    NotVerified(u64),
    /// The tables are those of another version.
    #[error("the tables are not those of this version: {0}; nothing was changed")]
    Tables(String),
    /// A change is written by a statement that cannot be read.
    #[error("a rebuild does not understand the statement {0:?}; nothing was changed")]
    Unknown(String),
    /// Writers left no moment.
    #[error(
        "writers left no moment to switch; nothing was changed. Run it again when there is less to do"
    )]
    Busy,
    /// The last commit was sent and its answer was lost.
    #[error(
        "it is not known whether the rows were replaced: {0}; either all were or none. Run it again"
    )]
    OutcomeUnknown(#[source] Failure),
    /// The database.
    #[error("the database refused or went away: {0}; nothing was changed")]
    Database(#[from] Failure),
}

impl From<sqlx::Error> for RebuildError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// What a rebuild did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Events that the rows come from.
    pub events: u64,
    /// The position in the log that an earlier run had reached; 0 = this run began anew.
    pub resumed_at: u64,
    /// How many rows were otherwise, for each table that events make.
    pub tables: Vec<Differences>,
    /// How long writers had to wait.
    pub exclusive: Duration,
}

/// The names of all tables that events make.
///
/// # Errors
/// When a statement does not have the form that a rebuild reads.
pub fn tables() -> Result<Vec<&'static str>, RebuildError> {
    Ok(Plan::read()?.tables.into_iter().map(|table| table.name).collect())
}

/// Compares what is served with the events, in one snapshot, and changes nothing. No scaffold is needed.
///
/// # Errors
/// [`RebuildError`]
pub async fn check<S: Scaffold>(
    scaffold: &mut S,
    watch: &mut impl Watch,
) -> Result<Report, RebuildError> {
    let mut site = Site::survey(scaffold, watch).await?;
    site.scaffold.begin(Span::Snapshot).await?;
    let total = site.logged().await?;
    site.watch.begins(Step::Verify, 0, total);
    let (expected, events) = fold_all(site.scaffold, (&site.plan, &site.blank), site.watch).await?;
    site.require_logged(events).await?;
    let served = site.scaffold.served().to_owned();
    let tables = differences(site.scaffold, &site.plan, &served, expected).await?;
    site.scaffold.roll_back().await?;
    Ok(Report { events, resumed_at: 0, tables, exclusive: Duration::ZERO })
}

/// Makes everything anew, and says what was otherwise.
///
/// # Errors
/// [`RebuildError`]; then what is served is as it was.
pub async fn rebuild<S: Scaffold>(
    scaffold: &mut S,
    watch: &mut impl Watch,
) -> Result<Report, RebuildError> {
    let mut site = Site::survey(scaffold, watch).await?;
    let resumed_at = site.prepare().await?;
    site.fill(resumed_at).await?;
    site.scaffold.take_stock(&site.plan.tables).await?;
    let events = site.verify().await?;
    site.watch.begins(Step::Switch, events, events);
    let report = site.switch().await?;
    if let Err(error) = site.scaffold.take_down().await {
        tracing::warn!(%error, "the rows were replaced, and the scaffold still stands");
    }
    Ok(Report { resumed_at: u64::try_from(resumed_at).unwrap_or_default(), ..report })
}

/// A rebuild in progress.
struct Site<'a, S, W> {
    scaffold: &'a mut S,
    watch: &'a mut W,
    plan: Plan,
    /// For each table, a row that nothing was written to.
    blank: Vec<Vec<Cell>>,
    /// Tables in which rows may have to be replaced.
    noted: Noted,
}

impl<'a, S: Scaffold, W: Watch> Site<'a, S, W> {
    /// Looks at the tables that are served, and refuses one with a column that events do not make: a rebuild
    /// would lose what is in it.
    async fn survey(scaffold: &'a mut S, watch: &'a mut W) -> Result<Self, RebuildError> {
        let plan = Plan::read()?;
        let mut blank = Vec::new();
        for table in &plan.tables {
            let columns = scaffold.columns(table.name).await?;
            let (served, made): (BTreeSet<&str>, BTreeSet<&str>) = (
                columns.iter().map(|column| &*column.name).collect(),
                table.columns.iter().copied().collect(),
            );
            if served != made {
                let odd: Vec<_> = served.symmetric_difference(&made).copied().collect();
                let odd = format!("{} has or lacks {}", table.name, odd.join(", "));
                return Err(RebuildError::Tables(odd));
            }
            let default = |name: &&str| {
                let column = columns.iter().find(|column| column.name == *name);
                column.map_or(Cell::Null, |column| column.default.clone())
            };
            blank.push(table.columns.iter().map(default).collect());
        }
        Ok(Self { scaffold, watch, plan, blank, noted: Noted::new() })
    }

    /// What the scaffold is made for: it is of no use to another version.
    fn made_for(&self) -> String {
        let mut hasher = Sha256::new_with_prefix(env!("CARGO_PKG_VERSION"));
        for text in changes::STATEMENTS {
            hasher.update(text);
        }
        hasher.update(format!("{:?}", self.blank));
        hex::encode(hasher.finalize())
    }

    /// Puts up the scaffold, or finds it as an earlier run left it; says how far that came.
    async fn prepare(&mut self) -> Result<i64, RebuildError> {
        let (size, made_for) = (self.logged().await?, self.made_for());
        if self.scaffold.stands().await? {
            let progress = self.progress().await?;
            if let Some((position, _)) = progress.filter(|(position, it)| {
                *it == made_for && u64::try_from(*position).is_ok_and(|it| it <= size)
            }) {
                return Ok(position);
            }
        }
        self.scaffold.begin(Span::Work).await?;
        self.scaffold.take_down().await?;
        self.scaffold.put_up(&self.plan.tables).await?;
        mending::make_lists(self.scaffold, &self.plan).await?;
        let (create, schema) = (S::CREATE_TABLE, S::SCAFFOLD);
        let table = format!(
            "{create} {schema}.progress (position bigint NOT NULL, made_for text NOT NULL)"
        );
        self.scaffold.execute(Statement::new(table)).await?;
        let row = format!("INSERT INTO {schema}.progress (position, made_for) VALUES (0, $1)");
        self.scaffold.execute(Statement::new(row).bind(&*made_for)).await?;
        self.scaffold.commit().await?;
        Ok(0)
    }

    async fn progress(&mut self) -> Result<Option<(i64, String)>, RebuildError> {
        let question = format!("SELECT position, made_for FROM {}.progress", S::SCAFFOLD);
        let row = self.scaffold.all(Statement::new(question)).await?.pop();
        Ok(row.and_then(|row| match <[Cell; 2]>::try_from(row) {
            Ok([Cell::Integer(position), Cell::Text(made_for)]) => Some((position, made_for)),
            Ok(_) | Err(_) => None,
        }))
    }

    /// How many events have a position in the log.
    async fn logged(&mut self) -> Result<u64, RebuildError> {
        let question = format!("SELECT size FROM {}.log_head", self.scaffold.served());
        self.number(question).await
    }

    /// How many events have a position, or wait for one. One question: the sequencer works meanwhile.
    async fn known(&mut self) -> Result<u64, RebuildError> {
        let served = self.scaffold.served();
        let question = format!(
            "SELECT size + (SELECT COUNT(*) FROM {served}.log_queue) AS known FROM {served}.log_head"
        );
        self.number(question).await
    }

    async fn number(&mut self, question: String) -> Result<u64, RebuildError> {
        let rows = self.scaffold.all(Statement::new(question)).await?;
        let number = rows.into_iter().flatten().next().and_then(Cell::into_integer);
        number
            .and_then(|number| u64::try_from(number).ok())
            .ok_or_else(|| RebuildError::Log("it has no head".to_owned()))
    }

    /// Refuses when there are more events, or fewer, than the log and its queue know of.
    async fn require_logged(&mut self, events: u64) -> Result<(), RebuildError> {
        let known = self.known().await?;
        if known == events {
            return Ok(());
        }
        Err(RebuildError::Log(format!("it knows of {known} events, and there are {events}")))
    }

    /// Makes rows of all events that have a position. What was made is kept after a page, after two more, four more …: what
    /// ends early loses little, and where there is much, little is written more than once.
    async fn fill(&mut self, mut position: i64) -> Result<(), RebuildError> {
        let (mut told, mut pages) = (0, 1);
        loop {
            self.scaffold.begin(Span::Work).await?;
            let total = self.logged().await?;
            let mut is_at_end = false;
            for _ in 0..pages {
                let page = events::after(self.scaffold, Source::Log, position).await?;
                self.batch(&page)?.write(self.scaffold, &self.plan).await?;
                position = page.last().map_or(position, |event| event.number);
                is_at_end = is_last(page.len());
                if is_at_end {
                    break;
                }
            }
            self.keep_progress(position).await?;
            self.scaffold.commit().await?;
            pages = MOST_PAGES.min(pages * 2);
            let done = u64::try_from(position).unwrap_or_default();
            if told != total {
                self.watch.begins(Step::Fill, done, total);
                told = total;
            }
            self.watch.reached(done);
            if is_at_end {
                return Ok(());
            }
        }
    }

    async fn keep_progress(&mut self, position: i64) -> Result<(), RebuildError> {
        let step = format!("UPDATE {}.progress SET position = $1", S::SCAFFOLD);
        self.scaffold.execute(Statement::new(step).bind(position)).await?;
        Ok(())
    }

    /// The rows of these events.
    fn batch(&self, events: &[Known]) -> Result<Batch, RebuildError> {
        let mut batch = Batch::default();
        events.iter().try_for_each(|event| batch.add::<S>(&self.plan, event))?;
        Ok(batch)
    }

    /// Makes the rows of everything that the transaction sees and the scaffold has not: what has got a position
    /// since, and what waits for one. Says how many had one, and to which aggregates all belong.
    ///
    /// The queue comes first: writers may have to wait now, but the sequencer does not, and what it moves between
    /// two questions must be in the answer to the second.
    async fn catch_up(&mut self) -> Result<(u64, BTreeSet<(String, String)>), RebuildError> {
        let begin = self.progress().await?.map_or(0, |(position, _)| position);
        let (mut aggregates, mut reached) = (BTreeSet::new(), begin);
        for source in [Source::Queue, Source::Log] {
            let mut number = if matches!(source, Source::Log) { begin } else { 0 };
            loop {
                let page = events::after(self.scaffold, source, number).await?;
                let batch = self.batch(&page)?;
                mending::note(self.scaffold, &self.plan, &batch, &mut self.noted).await?;
                batch.write(self.scaffold, &self.plan).await?;
                number = page.last().map_or(number, |event| event.number);
                aggregates.extend(
                    page.iter().map(|it| (it.aggregate_type.clone(), it.aggregate_id.clone())),
                );
                if is_last(page.len()) {
                    break;
                }
            }
            if matches!(source, Source::Log) {
                reached = number;
            }
        }
        self.keep_progress(reached).await?;
        Ok((u64::try_from(reached - begin).unwrap_or_default(), aggregates))
    }

    /// Compares the scaffold with all events, and notes where it differs from what is served, all at one moment.
    async fn verify(&mut self) -> Result<u64, RebuildError> {
        self.scaffold.begin(Span::Snapshot).await?;
        let total = self.logged().await?;
        self.watch.begins(Step::Verify, 0, total);
        mending::clear_lists(self.scaffold, &self.plan).await?;
        self.catch_up().await?;
        let (expected, events) =
            fold_all(self.scaffold, (&self.plan, &self.blank), self.watch).await?;
        self.require_logged(events).await?;
        let found = differences(self.scaffold, &self.plan, S::SCAFFOLD, expected).await?;
        self.require_none(&found).await?;
        mending::note_differences(self.scaffold, &self.plan, &mut self.noted).await?;
        self.scaffold.commit().await?;
        Ok(events)
    }

    /// Takes down a scaffold that is wrong.
    async fn require_none(&mut self, found: &[Differences]) -> Result<(), RebuildError> {
        match found.iter().map(Differences::rows).sum() {
            0 => Ok(()),
            rows => {
                tracing::error!(?found, "{rows} rows are not what the events say");
                self.scaffold.roll_back().await?;
                self.scaffold.take_down().await?;
                Err(RebuildError::NotVerified(rows))
            }
        }
    }

    /// Catches up, and checks what that made.
    async fn catch_up_and_verify(&mut self) -> Result<u64, RebuildError> {
        let (count, aggregates) = self.catch_up().await?;
        let found = differences_of(self.scaffold, (&self.plan, &self.blank), aggregates).await?;
        self.require_none(&found).await?;
        Ok(count)
    }

    /// Tells servers that keep rows in memory to read them anew.
    async fn begin_epoch(&mut self) -> Result<(), RebuildError> {
        let step = format!("UPDATE {}.replica_epoch SET epoch = epoch + 1", self.scaffold.served());
        self.scaffold.execute(Statement::new(step)).await?;
        Ok(())
    }

    /// Replaces what differs, in a moment in which writers wait.
    async fn switch(&mut self) -> Result<Report, RebuildError> {
        for _ in 0..TRIES {
            for _ in 0..ROUNDS {
                self.scaffold.begin(Span::Snapshot).await?;
                let count = self.catch_up_and_verify().await?;
                self.scaffold.commit().await?;
                if count <= FEW {
                    break;
                }
            }
            if self.scaffold.begin(Span::Exclusive).await? {
                let begin = Instant::now();
                self.catch_up_and_verify().await?;
                let tables = mending::mend(self.scaffold, &self.plan, &self.noted).await?;
                let events = self.known().await?;
                self.begin_epoch().await?;
                self.scaffold.commit().await.map_err(RebuildError::OutcomeUnknown)?;
                return Ok(Report { events, resumed_at: 0, tables, exclusive: begin.elapsed() });
            }
        }
        Err(RebuildError::Busy)
    }
}
