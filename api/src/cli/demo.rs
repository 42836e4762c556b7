//! `symbolon demo`: the whole story over real HTTP, each request as a curl line with its answer.

mod client;
mod tour;

use std::net::SocketAddr;

use clap::Args;
use projections::Via;
use secrecy::SecretString;

use self::client::Client;
use super::Outcome;
use super::console::say;
use super::serve::stop_signal;
use crate::enrolment::{self, FirstUser};
use crate::request_context::RequestContext;
use crate::serving::{Listeners, serve};
use crate::settings::{Database, PublicUrl, Settings};
use crate::startup::{Service, Surroundings};

/// How to show it.
#[derive(Args)]
pub(super) struct Arguments {
    /// End after the tour instead of serving on
    #[arg(long)]
    exit: bool,
}

/// A folder that is gone when the tour is.
struct TemporaryFolder(std::path::PathBuf);

impl TemporaryFolder {
    fn create() -> std::io::Result<Self> {
        let path = std::env::temp_dir().join(format!("symbolon-demo-{}", std::process::id()));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "could not remove {}", self.0.display());
        }
    }
}

/// Tells the story. Fails at the first answer that is not as it should be.
pub(super) async fn run(settings: &Settings, arguments: Arguments) -> Outcome {
    let folder = TemporaryFolder::create()?;
    let mut settings = settings.clone();
    settings.database = Database::Sqlite(folder.0.join("symbolon.db"));
    let listeners = match Listeners::open(settings.listen, None).await {
        Ok(listeners) => listeners,
        // A real server is at the usual address: the tour can be told anywhere.
        Err(_) => Listeners::open(SocketAddr::new(settings.listen.ip(), 0), None).await?,
    };
    let at = listeners.address()?;
    // The tour and its links go to this very server, whatever the settings say of the real one.
    settings.public_url = None;
    settings.checkpoints.key_file = None;
    settings.checkpoints.file = None;
    let mut service = Service::start(&settings, at, Surroundings::default()).await?;
    service.keep_log(settings.checkpoints.period);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(listeners, service.front(), async move {
        // A dropped sender stops the server as well.
        drop(stopped.await);
    }));

    let url = PublicUrl::of_listener(at);
    let outcome = tell(&service, url.as_str()).await;
    if outcome.is_ok() && !arguments.exit {
        say(format!("\nServing on at {} until you press Ctrl-C.", url.as_str()));
        say(format!("Sign in as {} with the password {:?}.", tour::ADMIN_EMAIL, tour::PASSWORD));
        stop_signal()?.await;
    }
    drop(stop);
    server.await?;
    service.stop().await;
    outcome
}

async fn tell(service: &Service, url: &str) -> Outcome {
    let first = FirstUser {
        email: tour::ADMIN_EMAIL.to_owned(),
        name: "Ada".to_owned(),
        password: SecretString::from(tour::PASSWORD),
        account: "Ada's account".to_owned(),
    };
    let context = RequestContext::local(Via::CommandLine);
    enrolment::found(&service.app, first, None, context).await?;
    tour::tell(&Client::new(url)).await
}
