//! The log on its way out: whole or a part, in one of three formats, however large it is.
//!
//! Pages are read one by one, when the client has taken the one before, so an export needs the memory of a page
//! and holds no transaction.
//! **Invariant:** an export that does not come to its end breaks off; it never looks complete.

pub mod facts;
pub mod selection;
pub mod table;

use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use domain::log::Origin;
use futures_util::stream;
use projections::{ExportedEvent, ReadModels};

use super::ocsf;
use selection::Selection;

/// Events that are read at once.
const PAGE: u64 = 500;

/// In what form events leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExportFormat {
    /// The lines that `symbolon audit verify` checks: CloudEvents 1.0, one a line.
    #[default]
    Ndjson,
    /// A table, RFC 4180.
    Csv,
    /// OCSF 1.8, one event a line.
    Ocsf,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ndjson, Self::Csv, Self::Ocsf];

    /// The name used in queries and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Ocsf => "ocsf",
        }
    }

    /// Reads such a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Ndjson | Self::Ocsf => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8; header=present",
        }
    }

    /// How names of files end.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Ndjson => "ndjson",
            Self::Csv => "csv",
            Self::Ocsf => "ocsf.ndjson",
        }
    }
}

/// A part of the log, in a format.
pub struct Export {
    /// Where it is read.
    pub store: Arc<dyn ReadModels>,
    /// What the log is called.
    pub origin: Origin,
    /// In what form.
    pub format: ExportFormat,
    /// Which of the events.
    pub selection: Selection,
    /// Those after this position …
    pub after: u64,
    /// … up to this.
    pub to: u64,
}

impl Export {
    /// The export as the body of an answer.
    pub fn into_body(self) -> Body {
        let start = match self.format {
            ExportFormat::Csv => Some(Bytes::from(table::header())),
            ExportFormat::Ndjson | ExportFormat::Ocsf => None,
        };
        Body::from_stream(stream::try_unfold((self, start), |(mut export, start)| async move {
            if start.is_some() {
                return Ok(start.map(|start| (start, (export, None))));
            }
            match export.next_piece().await {
                Ok(piece) => Ok(piece.map(|piece| (Bytes::from(piece), (export, None)))),
                Err(error) => {
                    let (after, causes) = (export.after, causes(&*error));
                    tracing::error!(after, "an export broke off after position {after}: {causes}");
                    // What was read before leaves first.
                    tokio::task::yield_now().await;
                    Err(error)
                }
            }
        }))
    }

    /// The next page that has anything in it; `None` at the end.
    async fn next_piece(&mut self) -> Result<Option<Vec<u8>>, BoxError> {
        while self.after < self.to {
            let limit = PAGE.min(self.to - self.after);
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let page = self.store.list_exported_events(self.after, limit).await?;
            let Some(last) = page.last() else {
                return Err(format!("the event at position {} is gone", self.after + 1).into());
            };
            self.after = last.logged.position;
            let piece = self.write(&page)?;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    fn write(&self, page: &[ExportedEvent]) -> Result<Vec<u8>, BoxError> {
        let chosen = page.iter().filter(|event| self.selection.takes(event));
        match self.format {
            ExportFormat::Csv => table::rows(chosen),
            ExportFormat::Ndjson => lines(chosen, |event| Ok(event.logged.line(&self.origin)?)),
            ExportFormat::Ocsf => {
                lines(chosen, |event| Ok(ocsf::event(event, &self.origin).to_string()))
            }
        }
    }
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn lines<'a>(
    events: impl Iterator<Item = &'a ExportedEvent>,
    line: impl Fn(&ExportedEvent) -> Result<String, BoxError>,
) -> Result<Vec<u8>, BoxError> {
    let mut text = Vec::new();
    for event in events {
        text.extend_from_slice(line(event)?.as_bytes());
        text.push(b'\n');
    }
    Ok(text)
}
