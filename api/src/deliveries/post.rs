//! One attempt: sign, post, and see whether the receiver says 2xx.

use std::error::Error;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP};

use super::address::Reach;
use super::endpoint::Endpoint;
use super::resolver::PublicOnly;
use crate::http_client;

/// For the whole exchange.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A connection without use for this long is not used again: the receiver may have closed it.
const IDLE: Duration = Duration::from_secs(10);
/// What is read of an answer, so that its connection can be used again. It is not looked at.
const ANSWER_BYTES: usize = 4 * 1024;
/// So long, and no longer, that is waited for.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);
/// Longer reasons are cut.
const REASON_CHARS: usize = 200;

/// Why the receiver does not have the message, as far as we know.
#[derive(Debug)]
pub(super) struct NotDelivered {
    /// What it answered, if it did.
    pub(super) status: Option<u16>,
    /// In our words: nothing of the URL's path, nothing of the answer.
    pub(super) reason: String,
}

/// Posts messages. Cheap to clone.
#[derive(Clone)]
pub(super) struct Postman {
    client: Client,
    reach: Reach,
}

impl Postman {
    /// One who goes as far as he may. Proxies in the environment are ignored: behind one, nobody here
    /// would know which address a message goes to.
    ///
    /// # Errors
    /// When the machine has no certificate authorities.
    pub(super) fn try_new(reach: Reach) -> Result<Self, reqwest::Error> {
        let builder = http_client::builder()
            .no_proxy()
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .pool_idle_timeout(IDLE);
        let builder = match reach {
            Reach::Public => builder.https_only(true).dns_resolver(PublicOnly),
            Reach::Everything => builder,
        };
        Ok(Self { client: builder.build()?, reach })
    }

    /// Says the status with which the receiver took the message.
    ///
    /// # Errors
    /// Whatever is not 2xx, redirects included.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        id: &str,
        body: String,
        at: DateTime<Utc>,
    ) -> Result<u16, NotDelivered> {
        let refused = |reason: String| NotDelivered { status: None, reason };
        endpoint.within(self.reach).map_err(refused)?;
        let timestamp = at.timestamp();
        let signature = endpoint.sign(id, timestamp, &body);
        let signature = signature.map_err(|error| refused(error.to_string()))?;
        let request = self
            .client
            .post(endpoint.url().clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(HEADER_WEBHOOK_ID, id)
            .header(HEADER_WEBHOOK_TIMESTAMP, timestamp)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(body);
        let answer = request.send().await.map_err(|error| refused(reason(&error)))?;
        let status = answer.status();
        // Whatever becomes of the rest, the receiver has spoken.
        drop(tokio::time::timeout(ANSWER_PATIENCE, read_out(answer)).await);
        judge(status)
    }
}

fn judge(status: StatusCode) -> Result<u16, NotDelivered> {
    let number = status.as_u16();
    if status.is_success() {
        return Ok(number);
    }
    Err(NotDelivered { status: Some(number), reason: format!("the receiver answered {number}") })
}

async fn read_out(mut answer: Response) {
    let mut length = 0;
    while let Ok(Some(chunk)) = answer.chunk().await {
        length += chunk.len();
        if length > ANSWER_BYTES {
            return;
        }
    }
}

/// The innermost cause: those around it repeat the URL.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    let cause = causes.last().map(ToString::to_string);
    let cause = cause.unwrap_or_else(|| "the request could not be sent".to_owned());
    cause.chars().take(REASON_CHARS).collect()
}
