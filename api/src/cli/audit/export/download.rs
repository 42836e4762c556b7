//! Gets an export over HTTP, counts what comes, and shows how far it is.

use std::error::Error;
use std::fs::File;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::HeaderName;
use reqwest::{Client, Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::draft::Draft;
use crate::audit::export::ExportFormat;
use crate::handlers::export_log::{CHECKPOINT_SIZE, TOTAL};
use crate::http_client;

/// A server that says nothing for so long is given up.
const PATIENCE: Duration = Duration::from_mins(1);

type Fault = Box<dyn Error + Send + Sync>;

/// A running server, and who asks it.
pub(super) struct Server {
    client: Client,
    base: String,
    token: SecretString,
}

/// What came.
#[derive(Debug)]
pub(super) struct Download {
    /// How many events.
    pub(super) events: u64,
    /// How many the checkpoint covers that was named.
    pub(super) checkpoint_size: Option<u64>,
}

impl Server {
    /// The server at this address.
    ///
    /// # Errors
    /// When it is no address.
    pub(super) fn new(url: &str, token: SecretString) -> Result<Self, Fault> {
        let client = http_client::builder()
            .connect_timeout(PATIENCE)
            .read_timeout(PATIENCE)
            .build()
            .map_err(|error| format!("cannot begin to speak HTTP: {error}"))?;
        let base = format!("{}/v1/audit/", url.trim_end_matches('/'));
        Ok(Self { client, base, token })
    }

    async fn get(&self, target: &str, query: &[(&str, &str)]) -> Result<Response, Fault> {
        let place = format!("{}{target}", self.base);
        let mut url = Url::parse(&place).map_err(|error| format!("{place}: {error}"))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.client.get(url).bearer_auth(self.token.expose_secret());
        let response =
            request.send().await.map_err(|error| format!("no answer: {}", causes(&error)))?;
        if response.status() == StatusCode::OK {
            Ok(response)
        } else {
            Err(refusal(response).await)
        }
    }

    /// A short answer.
    pub(super) async fn text(&self, target: &str) -> Result<String, Fault> {
        let response = self.get(target, &[]).await?;
        Ok(response.text().await.map_err(|error| format!("no answer: {}", causes(&error)))?)
    }

    /// Writes an export into the draft.
    ///
    /// # Errors
    /// When it is refused, breaks off, or has not as many events as announced.
    pub(super) async fn export(
        &self,
        query: &[(&str, &str)],
        format: ExportFormat,
        draft: &Draft,
    ) -> Result<Download, Fault> {
        let mut response = self.get("export", query).await?;
        let (total, checkpoint_size) =
            (number(&response, &TOTAL), number(&response, &CHECKPOINT_SIZE));
        let bar = bar(total);
        let mut lines = 0;
        loop {
            let chunk = response.chunk().await.map_err(|error| {
                let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
                format!("the export broke off after {lines}{of} events: {}", causes(&error))
            })?;
            let Some(chunk) = chunk else { break };
            draft.write(&chunk)?;
            lines += chunk.iter().fold(0, |count, byte| count + u64::from(*byte == b'\n'));
            bar.set_position(lines);
        }
        bar.finish_and_clear();
        let events = match format {
            ExportFormat::Ndjson | ExportFormat::Ocsf => lines,
            ExportFormat::Csv => rows(draft)?,
        };
        match total {
            Some(total) if total != events => {
                Err(format!("the server announced {total} events and sent {events}").into())
            }
            Some(_) | None => Ok(Download { events, checkpoint_size }),
        }
    }
}

/// Hidden when nobody looks.
fn bar(total: Option<u64>) -> ProgressBar {
    let Some(total) = total else { return ProgressBar::new_spinner() };
    let style = "{wide_bar} {human_pos} of {human_len} events, {eta} left";
    let style = ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar());
    ProgressBar::new(total).with_style(style)
}

/// Of a table: a cell may hold line breaks.
fn rows(draft: &Draft) -> Result<u64, Fault> {
    let mut reader = csv::Reader::from_reader(File::open(draft.path())?);
    let (mut record, mut rows) = (csv::ByteRecord::new(), 0);
    while reader.read_byte_record(&mut record)? {
        rows += 1;
    }
    Ok(rows)
}

fn number(response: &Response, name: &HeaderName) -> Option<u64> {
    response.headers().get(name)?.to_str().ok()?.parse().ok()
}

/// What the server says about why not.
async fn refusal(response: Response) -> Fault {
    #[derive(serde::Deserialize)]
    struct Body {
        message: String,
    }
    let status = response.status();
    let body = response.bytes().await.unwrap_or_default();
    match serde_json::from_slice::<Body>(&body) {
        Ok(Body { message }) => format!("the server answered {status}: {message}").into(),
        Err(_) => format!("the server answered {status}; is it Symbolon?").into(),
    }
}

fn causes(error: &reqwest::Error) -> String {
    let first: &dyn Error = error;
    let causes = std::iter::successors(Some(first), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
