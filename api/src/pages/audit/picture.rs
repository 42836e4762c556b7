//! The picture of issues, rotations and revocations over time: where each bar, line and word goes.
//!
//! Whole numbers only, in the units of the picture's `viewBox`; the template writes them down.
//! **Invariant:** what was counted is seen, however small it is beside the rest.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::span::Bucket;
use crate::pages::text;
use crate::pages::time::day;

/// For all bars together, at most.
const PLOT_WIDTH: u64 = 660;
const PLOT_HEIGHT: u64 = 180;
/// Room for the numbers.
const LEFT: u64 = 48;
const RIGHT: u64 = 12;
/// Room for what is small, drawn larger than it is, on top of what is as high as the plot.
const TOP: u64 = 14;
/// Room for the dates.
const BOTTOM: u64 = 30;
/// Lower is hardly seen.
const LEAST_HEIGHT: u64 = 3;
/// About so many dates fit.
const DATES: usize = 7;

/// What bars are made of, from below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    Issued,
    Rotated,
    Revoked,
}

impl Series {
    const ALL: [Self; 3] = [Self::Issued, Self::Rotated, Self::Revoked];

    /// Its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Issued => text::ISSUED,
            Self::Rotated => text::ROTATED,
            Self::Revoked => text::REVOKED,
        }
    }

    const fn count(self, bucket: &Bucket) -> u64 {
        match self {
            Self::Issued => bucket.issued,
            Self::Rotated => bucket.rotated,
            Self::Revoked => bucket.revoked,
        }
    }

    /// The list of exactly the tokens that were counted.
    fn href(self, dates: &RangeInclusive<NaiveDate>) -> String {
        let (first, last) = (dates.start(), dates.end());
        match self {
            Self::Issued => {
                format!("/audit/tokens?made=generated&issuedFrom={first}&issuedTo={last}")
            }
            Self::Rotated => {
                format!("/audit/tokens?status=replaced&endedFrom={first}&endedTo={last}")
            }
            Self::Revoked => {
                format!("/audit/tokens?status=revoked&endedFrom={first}&endedTo={last}")
            }
        }
    }
}

/// A count of one series in one bar.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) class: &'static str,
    pub(super) name: &'static str,
    pub(super) count: u64,
    pub(super) href: String,
    pub(super) y: u64,
    pub(super) height: u64,
}

/// What is shown of one day or week.
#[derive(Debug)]
pub(super) struct Column {
    /// Which, as people read it.
    pub(super) when: String,
    /// What happened, in words.
    pub(super) told: String,
    /// Where its place begins; bars leave a gap on both sides.
    pub(super) x: u64,
    pub(super) width: u64,
    pub(super) bar_x: u64,
    pub(super) bar_width: u64,
    /// From below; only what is not zero.
    pub(super) segments: Vec<Segment>,
    /// Every series, in order, for the table.
    pub(super) counts: [(u64, String); 3],
}

/// A line across, with its number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) y: u64,
    pub(super) number: u64,
}

/// A date below.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) x: u64,
    pub(super) text: String,
}

/// All of it.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) width: u64,
    pub(super) height: u64,
    /// Of the plot.
    pub(super) left: u64,
    pub(super) right: u64,
    pub(super) top: u64,
    pub(super) bottom: u64,
    pub(super) plot_height: u64,
    pub(super) lines: Vec<Line>,
    pub(super) dates: Vec<Date>,
    pub(super) columns: Vec<Column>,
    /// Of each series, in order: class, name, sum.
    pub(super) legend: [(&'static str, &'static str, u64); 3],
}

impl Picture {
    /// Draws these, the oldest on the left.
    pub(super) fn of(buckets: &[Bucket]) -> Self {
        let number = u64::try_from(buckets.len()).unwrap_or(u64::MAX).max(1);
        let slot = (PLOT_WIDTH / number).max(1);
        let right = LEFT + slot * number;
        let bottom = TOP + PLOT_HEIGHT;
        let top_number = top_of_axis(buckets.iter().map(Bucket::total).max().unwrap_or_default());
        let xs = (0..number).map(|index| LEFT + index * slot);
        let columns: Vec<_> = xs
            .zip(buckets)
            .map(|(x, bucket)| Column::of(bucket, (x, slot), bottom, top_number))
            .collect();
        Self {
            width: right + RIGHT,
            height: bottom + BOTTOM,
            left: LEFT,
            right,
            top: TOP,
            bottom,
            plot_height: PLOT_HEIGHT,
            lines: [0, top_number / 2, top_number]
                .map(|number| Line { y: bottom - height(number, top_number), number })
                .into(),
            dates: dates(&columns, buckets),
            columns,
            legend: Series::ALL.map(|series| {
                let sum = buckets.iter().map(|bucket| series.count(bucket)).sum();
                (series.class(), series.name(), sum)
            }),
        }
    }

    /// Whether there is anything to see.
    pub(super) fn is_empty(&self) -> bool {
        self.legend.iter().all(|(_, _, sum)| *sum == 0)
    }
}

impl Column {
    fn of(bucket: &Bucket, (x, slot): (u64, u64), bottom: u64, top_number: u64) -> Self {
        let gap = (slot / 8).max(u64::from(slot > 2));
        let bar_width = slot.saturating_sub(2 * gap).clamp(1, 48);
        let mut y = bottom;
        let mut segments = Vec::new();
        for series in Series::ALL {
            let count = series.count(bucket);
            if count > 0 {
                let height = height(count, top_number).max(LEAST_HEIGHT);
                y = y.saturating_sub(height);
                let href = series.href(&bucket.dates);
                let (class, name) = (series.class(), series.name());
                segments.push(Segment { class, name, count, href, y, height });
            }
        }
        let when = when(&bucket.dates);
        let told =
            Series::ALL.map(|it| format!("{} {}", it.count(bucket), it.name().to_lowercase()));
        Self {
            told: format!("{when}: {}", told.join(", ")),
            when,
            x,
            width: slot,
            bar_x: x + (slot - bar_width.min(slot)) / 2,
            bar_width,
            segments,
            counts: Series::ALL.map(|series| (series.count(bucket), series.href(&bucket.dates))),
        }
    }
}

/// In proportion, rounded.
const fn height(count: u64, top_number: u64) -> u64 {
    (count * PLOT_HEIGHT + top_number / 2) / top_number
}

/// An even number to end the axis with, easy to read, and not below `most`.
fn top_of_axis(most: u64) -> u64 {
    let mut power = 1_u64;
    loop {
        for digit in [2, 4, 6, 8, 10, 12, 16] {
            let number = power.saturating_mul(digit);
            if number >= most {
                return number;
            }
        }
        power = power.saturating_mul(10);
    }
}

fn when(dates: &RangeInclusive<NaiveDate>) -> String {
    let (first, last) = (*dates.start(), *dates.end());
    if first == last { day(first) } else { format!("{} {} {}", day(first), text::TO, day(last)) }
}

/// Every so many bars, beginning with the first, one date in the middle of its place.
fn dates(columns: &[Column], buckets: &[Bucket]) -> Vec<Date> {
    let step = buckets.len().div_ceil(DATES).max(1);
    let named = columns.iter().zip(buckets).step_by(step);
    named
        .map(|(column, bucket)| Date {
            x: column.x + column.width / 2,
            text: bucket.dates.start().format("%-d %b").to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::span::Span;
    use super::*;

    fn bucket(date: &str, [issued, rotated, revoked]: [u64; 3]) -> Bucket {
        let date: NaiveDate = date.parse().unwrap();
        Bucket { dates: date..=date, issued, rotated, revoked }
    }

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    #[test]
    fn segments_stand_on_each_other_in_proportion() {
        let picture = Picture::of(&[bucket("2026-05-03", [5, 3, 2])]);
        let [column] = picture.columns.as_slice() else { panic!("{picture:?}") };
        let parts: Vec<_> =
            column.segments.iter().map(|it| (it.class, it.count, it.y, it.height)).collect();
        let bottom = picture.bottom;
        assert_eq!(
            parts,
            [
                ("issued", 5, bottom - 90, 90),
                ("rotated", 3, bottom - 144, 54),
                ("revoked", 2, bottom - 180, 36),
            ]
        );
        assert_eq!(column.told, "3 May 2026: 5 issued, 3 rotated, 2 revoked");
        assert_eq!(picture.legend.map(|(_, _, sum)| sum), [5, 3, 2]);
    }

    #[test]
    fn one_revocation_beside_thousands_is_seen() {
        let buckets = [bucket("2026-05-03", [9_999, 0, 1]), bucket("2026-05-04", [0, 0, 1])];
        let picture = Picture::of(&buckets);
        for column in &picture.columns {
            let revoked = column.segments.last().unwrap();
            assert_eq!((revoked.class, revoked.height), ("revoked", LEAST_HEIGHT));
        }
        assert_eq!(picture.columns[1].segments.len(), 1, "what is zero is not drawn");
        let highest = picture.columns[0].segments.last().unwrap().y;
        assert!(highest > 0 && highest < picture.top, "{highest}: above the axis, in the picture");
    }

    #[test]
    fn a_segment_leads_to_exactly_what_it_counts() {
        let picture = Picture::of(&[bucket("2026-05-03", [1, 1, 1])]);
        let hrefs: Vec<_> = picture.columns[0].segments.iter().map(|it| &*it.href).collect();
        assert_eq!(
            hrefs,
            [
                "/audit/tokens?made=generated&issuedFrom=2026-05-03&issuedTo=2026-05-03",
                "/audit/tokens?status=replaced&endedFrom=2026-05-03&endedTo=2026-05-03",
                "/audit/tokens?status=revoked&endedFrom=2026-05-03&endedTo=2026-05-03",
            ]
        );
        assert_eq!(picture.columns[0].counts.each_ref().map(|(_, href)| &**href)[..], hrefs[..]);
    }

    #[test]
    fn the_axis_ends_at_a_number_that_is_easy_to_read() {
        let tops = [0, 1, 2, 3, 9, 10, 11, 13, 17, 21, 55, 100, 161, 20_001];
        let expected = [2, 2, 2, 4, 10, 10, 12, 16, 20, 40, 60, 100, 200, 40_000];
        assert_eq!(tops.map(top_of_axis), expected);
        let lines = Picture::of(&[bucket("2026-05-03", [60, 0, 0])]).lines;
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [0, 30, 60]);
        assert_eq!(lines.iter().map(|line| line.y).collect::<Vec<_>>(), [194, 104, 14]);
    }

    #[test]
    fn bars_and_dates_are_inside_and_apart_in_every_span() {
        for span in Span::ALL {
            let picture = Picture::of(&span.buckets(today(), &[]));
            assert!(picture.is_empty());
            assert!(picture.width <= LEFT + PLOT_WIDTH + RIGHT, "{}", picture.width);
            for pair in picture.columns.windows(2) {
                let end = pair[0].bar_x + pair[0].bar_width;
                assert!(end < pair[1].bar_x, "{} days: bars touch", span.days);
            }
            let last = picture.columns.last().unwrap();
            assert!(last.bar_x + last.bar_width <= picture.right);
            assert!((4..=DATES).contains(&picture.dates.len()), "{:?}", picture.dates);
            for pair in picture.dates.windows(2) {
                assert!(pair[1].x - pair[0].x >= 60, "{} days: dates touch", span.days);
            }
        }
    }

    #[test]
    fn a_week_is_told_from_its_first_day_to_its_last() {
        let picture = Picture::of(&Span::of(365).unwrap().buckets(today(), &[]));
        assert_eq!(picture.columns[0].when, "24 November 2025 to 30 November 2025");
        assert_eq!(picture.dates[0].text, "24 Nov");
        assert!(picture.columns[0].counts[2].1.contains("endedFrom=2025-11-24&endedTo=2025-11-30"));
    }

    #[test]
    fn nothing_is_a_picture_too() {
        let picture = Picture::of(&[]);
        assert!(picture.is_empty() && picture.columns.is_empty() && picture.dates.is_empty());
    }
}
