//! Times as people read them. UTC throughout: an auditor elsewhere should see the same.

use chrono::{DateTime, NaiveDate, Utc};

/// For example `3 May 2026, 14:05 UTC`.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// For example `3 May 2026`.
pub(super) fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// A time for the `time` element: for programs and for people.
pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) text: String,
}

impl Moment {
    pub(super) fn new(at: DateTime<Utc>) -> Self {
        Self { iso: at.to_rfc3339(), text: moment(at) }
    }

    /// To the second, for those who compare.
    pub(super) fn exact(at: DateTime<Utc>) -> Self {
        Self { iso: at.to_rfc3339(), text: at.format("%-d %B %Y, %H:%M:%S UTC").to_string() }
    }
}

/// How long ago a token was last used, as coarsely as it is recorded.
pub(super) fn last_used(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    let Some(at) = at else { return "Never used".to_owned() };
    let ago = now - at;
    match (ago.num_minutes(), ago.num_hours(), ago.num_days()) {
        (..=1, ..) => "Last used within the last two minutes".to_owned(),
        (minutes @ 2..60, ..) => format!("Last used {minutes} minutes ago"),
        (_, 1, _) => "Last used an hour ago".to_owned(),
        (_, hours @ 2..48, _) => format!("Last used {hours} hours ago"),
        (.., days) => format!("Last used {days} days ago"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_use_is_told_as_coarsely_as_it_is_recorded() {
        let now = DateTime::from_timestamp(1_777_816_800, 0).unwrap();
        let told = |ago: TimeDelta| last_used(Some(now - ago), now);
        assert_eq!(last_used(None, now), "Never used");
        assert_eq!(told(TimeDelta::seconds(5)), "Last used within the last two minutes");
        assert_eq!(told(TimeDelta::minutes(59)), "Last used 59 minutes ago");
        assert_eq!(told(TimeDelta::minutes(61)), "Last used an hour ago");
        assert_eq!(told(TimeDelta::hours(47)), "Last used 47 hours ago");
        assert_eq!(told(TimeDelta::days(9)), "Last used 9 days ago");
        assert_eq!(moment(now), "3 May 2026, 14:00 UTC");
        assert_eq!(Moment::exact(now).text, "3 May 2026, 14:00:00 UTC");
        assert_eq!(day(now.date_naive()), "3 May 2026");
    }
}
