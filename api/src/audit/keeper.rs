//! Behind the requests: numbers what was committed, and signs what the log has become.
//!
//! Nothing stops either for good. A round that fails is made up for by the next, and the log says when
//! events have been waiting for long.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use projections::{Numbering, StoreError, Turn};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::notary::NotaryError;
use crate::app::App;
use crate::measures::table::{CHECKPOINT_FAILURES, LOG_EVENTS, LOG_LAG};

/// What another node committed, or the bell did not tell of, is found this soon.
const POLL: Duration = Duration::from_millis(250);
/// What is committed meanwhile is numbered together.
const PAUSE: Duration = Duration::from_millis(20);
/// After a failure.
const RETRY: Duration = Duration::from_secs(1);
/// From then on the log says that events wait.
const LAG: Duration = Duration::from_secs(10);

/// The two tasks. They stop when this is dropped.
pub struct LogKeeper {
    tasks: TaskTracker,
    stop: DropGuard,
}

impl LogKeeper {
    /// Starts them. Where events get their positions when they are written, `numbers` is false.
    pub fn start(app: &App, period: Duration, numbers: bool) -> Self {
        let tasks = TaskTracker::new();
        let stop = CancellationToken::new();
        if numbers {
            tasks.spawn(number(app.clone(), stop.clone()));
        }
        tasks.spawn(sign(app.clone(), period, stop.clone()));
        Self { tasks, stop: stop.drop_guard() }
    }

    /// Numbers and signs what there is, and stops.
    pub async fn stop(self, app: &App) {
        drop(self.stop);
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = app.notary.sign_everything(&*app.store, app.now()).await {
            tracing::warn!(%error, "the last events are not covered by a checkpoint yet: {error}");
        }
    }
}

/// Since when events have been waiting for longer than they should.
#[derive(Default)]
struct Lag {
    since: Option<Instant>,
    is_told: bool,
}

impl Lag {
    /// Takes note of a round that left nothing waiting.
    fn end(&mut self) {
        if self.is_told {
            tracing::info!("all events have their places in the log again");
        }
        *self = Self::default();
        metrics::gauge!(LOG_LAG).set(0);
    }

    /// Takes note of a round that left something waiting.
    fn go_on(&mut self, now: Instant, why: &str) {
        let since = *self.since.get_or_insert(now);
        let waiting = now.saturating_duration_since(since);
        metrics::gauge!(LOG_LAG).set(waiting.as_secs_f64());
        if waiting >= LAG && !self.is_told {
            let seconds = waiting.as_secs();
            tracing::error!(
                seconds,
                "events have waited {seconds} s for their places in the log: {why}"
            );
            self.is_told = true;
        }
    }
}

/// Numbers events until `stop`.
async fn number(app: App, stop: CancellationToken) {
    let mut lag = Lag::default();
    while !stop.is_cancelled() {
        let numbered = app.store.number_events(Turn::Try).await;
        tell(&app, &numbered);
        let wait = match numbered {
            Ok(Numbering::Done { more: true, .. }) => {
                lag.go_on(app.clock.instant(), "there are many");
                continue;
            }
            Ok(Numbering::Done { more: false, .. }) => {
                lag.end();
                PAUSE
            }
            // Whether that other gets anywhere is not known here.
            Ok(Numbering::OthersTurn) => PAUSE,
            Err(error) => {
                lag.go_on(app.clock.instant(), &error.to_string());
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = app.store.events_wait() => {}
            () = tokio::time::sleep(POLL.saturating_sub(wait)) => {}
        }
    }
}

/// For those who watch the log stream.
fn tell(app: &App, numbered: &Result<Numbering, StoreError>) {
    match numbered {
        Ok(Numbering::Done { count: count @ 1.., oldest, .. }) => {
            let lag = oldest.map_or(TimeDelta::zero(), |oldest| app.now() - oldest);
            metrics::counter!(LOG_EVENTS).increment(*count);
            tracing::debug!(?numbered, lag_ms = lag.num_milliseconds(), "numbered events");
        }
        Ok(Numbering::Done { .. } | Numbering::OthersTurn) => {}
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(%error, "the log takes no events: {error}");
        }
        Err(error) => tracing::warn!(%error, "cannot number events: {error}"),
    }
}

/// Signs now and then until `stop`, when something came. Of several nodes, one does.
async fn sign(app: App, period: Duration, stop: CancellationToken) {
    let mut rounds = tokio::time::interval(period);
    rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = rounds.tick() => {}
        }
        if let Err(error) = sign_if_due(&app, period).await {
            metrics::counter!(CHECKPOINT_FAILURES).increment(1);
            tracing::warn!(%error, "no checkpoint was made: {error}");
        }
    }
}

async fn sign_if_due(app: &App, period: Duration) -> Result<(), NotaryError> {
    let (log, now) = (&*app.store, app.now());
    let half = TimeDelta::from_std(period / 2).unwrap_or(TimeDelta::MAX);
    let latest = log.find_latest_checkpoint(None).await?;
    // One dated later than now is the work of a clock that was wrong.
    let is_recent = latest.is_some_and(|latest| (now - latest.made_at).abs() < half);
    if !is_recent && log.find_log_head().await?.size > 0 {
        app.notary.sign(log, now).await?;
    }
    Ok(())
}
