//! Tells configured endpoints what happened, as [Standard Webhooks](https://www.standardwebhooks.com).
//!
//! A command's transaction writes who is to be told of its events (`projections::deliveries`). One
//! `worker` per endpoint makes each message from the event and the read models, signs it and posts
//! it, until the receiver says 2xx or the [`schedule`] ends.
//!
//! **Invariant:** at least once: a delivery is done when the receiver said so, and not before.
//! **Invariant:** of one aggregate, an endpoint's next message is not sent while an earlier one is pending.
//! **Invariant:** nothing logs or keeps an endpoint's path, its key, or what it answers beyond the status.

pub mod address;
pub mod dispatcher;
pub mod endpoint;
mod message;
mod post;
pub mod resolver;
pub mod schedule;
mod worker;

pub use self::dispatcher::{Dispatcher, DispatcherError};
pub use self::endpoint::{Endpoint, Endpoints};
pub use self::message::id as message_id;
