//! Long lists on pages: so many entries at a time, and links to the rest.

use projections::{Page, PageRequest};

use crate::error::ApiError;
use crate::extract::{decode, encode};

/// Entries of each list on a page.
const PER_PAGE: u32 = 25;

/// Cursors to both sides of what a page shows of a list.
pub(super) struct Turns {
    pub(super) newer: Option<String>,
    pub(super) older: Option<String>,
}

impl Turns {
    /// Of a list that is shown whole.
    pub(super) const fn none() -> Self {
        Self { newer: None, older: None }
    }

    /// Of a list that begins with the newest.
    pub(super) fn newest_first<T>(page: &Page<T>) -> Self {
        Self { newer: page.previous.as_ref().map(encode), older: page.next.as_ref().map(encode) }
    }

    /// Of a list that begins with the oldest.
    pub(super) fn oldest_first<T>(page: &Page<T>) -> Self {
        Self { newer: page.next.as_ref().map(encode), older: page.previous.as_ref().map(encode) }
    }
}

/// What part of a list to show.
///
/// # Errors
/// `Validation` for a cursor that no list gave out.
pub(super) fn page_of(cursor: Option<&str>) -> Result<PageRequest, ApiError> {
    Ok(PageRequest { limit: PER_PAGE, cursor: cursor.map(decode).transpose()? })
}
