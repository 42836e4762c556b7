//! What every list promises: its pages hold every entry once, whichever way one turns them.

use std::fmt::Debug;

use projections::{Page, PageRequest};

/// Turns the pages of a list to its end and back; expects the entries with these keys.
pub(crate) async fn assert_pages<T: Debug + PartialEq>(
    expected: &[String],
    key: impl Fn(&T) -> String,
    list: impl AsyncFn(PageRequest) -> Page<T>,
) {
    let keys = |page: &Page<T>| page.data.iter().map(&key).collect::<Vec<_>>();
    for limit in [1, 3, expected.len() - 1, expected.len(), expected.len() + 1] {
        let request = |cursor| PageRequest { limit: u32::try_from(limit).unwrap(), cursor };
        let mut pages = vec![list(request(None)).await];
        while let Some(cursor) = pages.last().unwrap().next.clone() {
            pages.push(list(request(Some(cursor))).await);
            assert!(pages.len() <= expected.len(), "the pages of {limit} do not end");
        }
        let forth: Vec<Vec<String>> = pages.iter().map(keys).collect();
        let chunks: Vec<Vec<String>> = expected.chunks(limit).map(<[_]>::to_vec).collect();
        assert_eq!(forth, chunks, "pages of {limit}");
        assert_eq!(pages[0].previous, None);
        for index in (1..pages.len()).rev() {
            let back = pages[index].previous.clone().expect("there is a page before");
            assert_eq!(list(request(Some(back))).await.data, pages[index - 1].data);
        }
    }
}
