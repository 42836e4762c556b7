//! How far back the picture goes, and the days or weeks that its bars stand for.

use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, TimeDelta};
use projections::DayCount;
use projections::audit::history::TokenHistoryKind;

/// How far back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// With today.
    pub(super) days: u32,
    /// Of each bar.
    bar: Bar,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bar {
    Day,
    Week,
}

impl Span {
    /// What one can choose.
    pub(super) const ALL: [Self; 4] = [
        Self { days: 7, bar: Bar::Day },
        Self { days: 30, bar: Bar::Day },
        Self::DEFAULT,
        Self { days: 365, bar: Bar::Week },
    ];

    /// What one sees first.
    pub(super) const DEFAULT: Self = Self { days: 90, bar: Bar::Day };

    /// The one of so many days.
    pub(super) fn of(days: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|span| span.days == days)
    }

    /// Whether a bar is a week, from Monday on.
    pub(super) fn is_weekly(self) -> bool {
        self.bar == Bar::Week
    }

    /// The days of all bars. A first week is whole, as the others are; the last ends today.
    pub(super) fn dates(self, today: NaiveDate) -> RangeInclusive<NaiveDate> {
        let first = back(today, i64::from(self.days) - 1);
        match self.bar {
            Bar::Day => first..=today,
            Bar::Week => back(first, i64::from(first.weekday().num_days_from_monday()))..=today,
        }
    }

    /// One bucket per bar, in order, without a gap. A count of another day counts nowhere.
    pub(super) fn buckets(self, today: NaiveDate, counts: &[DayCount]) -> Vec<Bucket> {
        let dates = self.dates(today);
        let mut buckets = Vec::new();
        let mut first = *dates.start();
        while first <= today {
            let next = match self.bar {
                Bar::Day => back(first, -1),
                Bar::Week => back(first, -7),
            };
            let last = back(next, 1).min(today);
            buckets.push(Bucket::of(first..=last, counts));
            if next <= first {
                break;
            }
            first = next;
        }
        buckets
    }
}

/// So many days earlier. At the ends of the calendar, which no clock shows, the same day.
fn back(date: NaiveDate, days: i64) -> NaiveDate {
    date.checked_sub_signed(TimeDelta::days(days)).unwrap_or(date)
}

/// What happened in the days of one bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bucket {
    /// Which days.
    pub(super) dates: RangeInclusive<NaiveDate>,
    /// Tokens that came where none was.
    pub(super) issued: u64,
    /// Tokens that took another's place.
    pub(super) rotated: u64,
    /// Tokens that ended without a successor.
    pub(super) revoked: u64,
}

impl Bucket {
    fn of(dates: RangeInclusive<NaiveDate>, counts: &[DayCount]) -> Self {
        let mut bucket = Self { dates, issued: 0, rotated: 0, revoked: 0 };
        for count in counts.iter().filter(|count| bucket.dates.contains(&count.day)) {
            let sum = match count.kind {
                TokenHistoryKind::Generated => &mut bucket.issued,
                TokenHistoryKind::Regenerated => &mut bucket.rotated,
                TokenHistoryKind::Revoked => &mut bucket.revoked,
            };
            *sum += count.events;
        }
        bucket
    }

    /// Of everything.
    pub(super) const fn total(&self) -> u64 {
        self.issued + self.rotated + self.revoked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn count(day: &str, kind: TokenHistoryKind, events: u64) -> DayCount {
        DayCount { day: date(day), kind, events }
    }

    #[test]
    fn every_span_ends_today_and_has_no_gap() {
        let today = date("2026-03-01");
        for (days, bars, first) in
            [(7, 7, "2026-02-23"), (30, 30, "2026-01-31"), (90, 90, "2025-12-02")]
        {
            let buckets = Span::of(days).unwrap().buckets(today, &[]);
            assert_eq!(buckets.len(), bars);
            assert_eq!(*buckets[0].dates.start(), date(first));
            assert_eq!(buckets.last().unwrap().dates, today..=today);
            assert!(buckets.iter().all(|bucket| bucket.dates.start() == bucket.dates.end()));
        }
        assert_eq!(Span::of(91), None);
    }

    #[test]
    fn a_year_is_told_in_weeks_that_begin_on_monday() {
        let today = date("2026-11-24"); // a Tuesday
        let buckets = Span::of(365).unwrap().buckets(today, &[]);
        assert_eq!(buckets.len(), 53);
        assert_eq!(buckets[0].dates, date("2025-11-24")..=date("2025-11-30"));
        assert_eq!(buckets[52].dates, date("2026-11-23")..=today, "this week is not over");
        for pair in buckets.windows(2) {
            assert_eq!(*pair[1].dates.start() - *pair[0].dates.end(), TimeDelta::days(1));
        }
    }

    #[test]
    fn what_happened_is_counted_in_its_bar_and_nowhere_else() {
        use TokenHistoryKind::{Generated, Regenerated, Revoked};
        let today = date("2026-11-24");
        let counts = [
            count("2025-11-23", Revoked, 100), // before the first week
            count("2025-11-24", Generated, 1),
            count("2025-11-30", Regenerated, 2),
            count("2025-11-30", Generated, 4),
            count("2025-12-01", Revoked, 8),
            count("2026-11-24", Revoked, 16),
            count("2026-11-25", Generated, 1000), // tomorrow
        ];
        let buckets = Span::of(365).unwrap().buckets(today, &counts);
        let numbers = |bucket: &Bucket| (bucket.issued, bucket.rotated, bucket.revoked);
        assert_eq!(numbers(&buckets[0]), (5, 2, 0));
        assert_eq!(numbers(&buckets[1]), (0, 0, 8));
        assert_eq!(numbers(&buckets[52]), (0, 0, 16));
        assert_eq!(buckets.iter().map(Bucket::total).sum::<u64>(), 31);
    }
}
