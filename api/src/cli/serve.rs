//! `symbolon serve`

use std::future::Future;

use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use super::console::say;
use crate::enrolment::{self, FIRST_USER_LINK};
use crate::serving::{Listeners, serve};
use crate::settings::Settings;
use crate::startup::{Service, Surroundings};

/// Serves until SIGTERM or Ctrl-C.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let listeners = Listeners::open(settings.listen, settings.listen_unix.as_deref()).await?;
    let at = listeners.address()?;
    // Before anyone is told that there is something to stop.
    let stop = stop_signal()?;
    let mut service = Service::start(settings, at, Surroundings::default()).await?;
    service.keep_replica(settings).await?;
    service.dispatch()?;
    service.keep_log(settings.checkpoints.period);
    say(format!("Listening on http://{at}"));
    if let Some(link) = enrolment::first_user_link(&service.app).await? {
        let minutes = FIRST_USER_LINK.num_minutes();
        say(format!(
            "Nobody can sign in yet. To begin, follow this link; it works once, for {minutes} minutes:\n{}",
            link.url.expose_secret()
        ));
    }
    let (readiness, drain) = (service.app.readiness.clone(), settings.drain);
    let stop = async move {
        stop.await;
        readiness.end();
        tracing::info!("asked to stop; serving on for {} s", drain.as_secs());
        tokio::time::sleep(drain).await;
    };
    serve(listeners, service.front(), stop).await;
    tracing::info!("stopping");
    service.stop().await;
    Ok(())
}

/// Completes at SIGTERM or Ctrl-C.
pub(super) fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
