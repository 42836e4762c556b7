//! `symbolon serve`

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use secrecy::ExposeSecret;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::Outcome;
use super::console::say;
use crate::enrolment::{self, FIRST_USER_LINK};
use crate::settings::Settings;
use crate::startup::{Service, Surroundings};

/// Requests that began get this long to end when the process is asked to stop.
const DRAIN: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or Ctrl-C.
pub(super) async fn run(settings: &Settings) -> Outcome {
    let listener = listen(settings.listen).await?;
    let at = listener.local_addr()?;
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
    serve(listener, service.router.clone(), stop).await?;
    tracing::info!("stopping");
    service.stop().await;
    Ok(())
}

/// Opens the address, or says which one cannot be had.
pub(super) async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| {
        format!("cannot listen on {address}: {error}; choose another address with --listen")
    })
}

/// Serves until `stop` completes and then until requests have ended, [`DRAIN`] at most.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let (stopping, mut stopped) = tokio::sync::watch::channel(false);
    let server = axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(async move {
            stop.await;
            stopping.send_replace(true);
        });
    let deadline = async move {
        drop(stopped.wait_for(|stopping| *stopping).await);
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        ended = server => ended,
        () = deadline => Ok(()),
    }
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
