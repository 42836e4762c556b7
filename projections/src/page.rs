//! Lists come in pages, by key and never by offset, so that writes neither repeat nor hide an entry.

use crate::sql::Statement;

/// Where a page begins: just past `key`, in one of the two directions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// The key of the entry that the page does not include.
    pub key: String,
    /// Towards the start of the list instead of its end.
    pub backward: bool,
}

/// What page is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many entries.
    pub limit: u32,
    /// Where to begin; `None` = at the start.
    pub cursor: Option<Cursor>,
}

/// Entries in list order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub data: Vec<T>,
    /// The page after this one, if there is one.
    pub next: Option<Cursor>,
    /// The page before this one, if there is one.
    pub previous: Option<Cursor>,
}

impl PageRequest {
    fn is_backward(&self) -> bool {
        self.cursor.as_ref().is_some_and(|cursor| cursor.backward)
    }

    /// One more than asked for, which tells whether there is more.
    pub(crate) fn fetch_limit(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The comparison and the order in SQL, for a list in `ascending` or descending order of its key.
    pub(crate) fn direction(&self, ascending: bool) -> (&'static str, &'static str) {
        if ascending == self.is_backward() { ("<", "DESC") } else { (">", "ASC") }
    }

    /// `select` with the end that makes it this page of what one owner has, in the order of `key`.
    pub(crate) fn statement_of(
        &self,
        select: &str,
        (owner_column, owner): (&str, String),
        key: &str,
        ascending: bool,
    ) -> Statement {
        let (past, order) = self.direction(ascending);
        Statement::new(format!(
            "{select}
WHERE {owner_column} = $1
  AND ($2 IS NULL OR {key} {past} $2)
ORDER BY {key} {order}
LIMIT $3"
        ))
        .bind(owner)
        .bind(self.cursor.as_ref().map(|cursor| cursor.key.clone()))
        .bind(self.fetch_limit())
    }

    /// Turns what was fetched, at most [`fetch_limit`](Self::fetch_limit) rows in SQL order, into a page.
    pub(crate) fn page<T>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> String) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let backward = self.is_backward();
        if backward {
            rows.reverse();
        }
        let (has_next, has_previous) =
            if backward { (true, more) } else { (more, self.cursor.is_some()) };
        let cursor = |row: Option<&T>, backward| row.map(|row| Cursor { key: key(row), backward });
        let next = has_next.then(|| cursor(rows.last(), false)).flatten();
        let previous = has_previous.then(|| cursor(rows.first(), true)).flatten();
        Page { data: rows, next, previous }
    }
}

impl<T> Page<T> {
    /// The same page of other things.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(convert).collect(),
            next: self.next,
            previous: self.previous,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pages through `1..=n` the way a database answers, `limit` at a time.
    fn answer(n: u32, request: &PageRequest) -> Page<u32> {
        let all = 1..=n;
        let mut rows: Vec<u32> = match &request.cursor {
            None => all.collect(),
            Some(cursor) => {
                let key: u32 = cursor.key.parse().unwrap();
                if cursor.backward {
                    all.filter(|row| *row < key).rev().collect()
                } else {
                    all.filter(|row| *row > key).collect()
                }
            }
        };
        rows.truncate(usize::try_from(request.fetch_limit()).unwrap());
        request.page(rows, ToString::to_string)
    }

    #[test]
    fn paging_forth_and_back_visits_every_entry_once_each_way() {
        let mut request = PageRequest { limit: 3, cursor: None };
        let mut forth = vec![];
        let last = loop {
            let page = answer(8, &request);
            forth.extend(page.data.clone());
            match page.next.clone() {
                Some(next) => request.cursor = Some(next),
                None => break page,
            }
        };
        assert_eq!(forth, (1..=8).collect::<Vec<_>>());

        let mut back = last.data.clone();
        request.cursor = last.previous;
        while request.cursor.is_some() {
            let page = answer(8, &request);
            back.splice(0..0, page.data.clone());
            request.cursor = page.previous;
        }
        assert_eq!(back, forth);
    }

    #[test]
    fn a_full_last_page_has_no_next() {
        let page = answer(3, &PageRequest { limit: 3, cursor: None });
        assert_eq!((page.next, page.previous), (None, None));
    }
}
