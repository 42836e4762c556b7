//! Starts a worker for each endpoint, and stops them in good order.

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::post::Postman;
use super::worker::Worker;
use crate::app::App;

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub enum DispatcherError {
    /// TLS cannot be had.
    #[error("cannot prepare deliveries: {0}; does this machine have CA certificates?")]
    Tls(#[from] reqwest::Error),
}

/// The workers of all endpoints. They stop when this is dropped.
pub struct Dispatcher {
    workers: TaskTracker,
    stop: DropGuard,
}

impl Dispatcher {
    /// Starts them. A loop of its own for each endpoint: one that hangs delays nobody else.
    ///
    /// # Errors
    /// When nothing can be sent.
    pub fn start(app: &App) -> Result<Self, DispatcherError> {
        let workers = TaskTracker::new();
        let stop = CancellationToken::new();
        if !app.endpoints.all().is_empty() {
            let postman = Postman::try_new(app.endpoints.reach())?;
            let subscribers = app.endpoints.subscribers();
            for endpoint in app.endpoints.all() {
                let (endpoint, postman) = (endpoint.clone(), postman.clone());
                let worker = Worker { app: app.clone(), endpoint, postman };
                workers.spawn(worker.run(subscribers.listen(), stop.clone()));
            }
        }
        Ok(Self { workers, stop: stop.drop_guard() })
    }

    /// Takes nothing more, and waits for what is under way.
    pub async fn stop(self) {
        drop(self.stop);
        self.workers.close();
        self.workers.wait().await;
    }
}
