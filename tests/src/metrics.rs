//! `/metrics` as Prometheus reads it, and stricter: what is not described is no metric.

use std::collections::BTreeMap;

use crate::client::Client;

/// One reading.
#[derive(Debug)]
pub struct Metrics {
    text: String,
    /// Kind by name.
    families: BTreeMap<String, String>,
    /// Value by name and labels, as they are written.
    samples: BTreeMap<String, f64>,
}

impl Metrics {
    /// Reads them from a service.
    pub async fn of(client: &Client) -> Self {
        let answer = client.get("/metrics").send().await.assert_status(200);
        let format = answer.header("content-type");
        assert_eq!(format, Some("text/plain; version=0.0.4; charset=utf-8"));
        Self::read(answer.text())
    }

    fn read(text: String) -> Self {
        let mut read = Self { text, families: BTreeMap::new(), samples: BTreeMap::new() };
        let mut described = String::new();
        for line in read.text.lines().filter(|line| !line.is_empty()) {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, text) = help.split_once(' ').expect("a text");
                assert!(text.len() > 10, "{line}");
                name.clone_into(&mut described);
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect("a kind");
                assert_eq!(name, described, "not described: {line}");
                assert!(["counter", "gauge", "histogram"].contains(&kind), "{line}");
                let earlier = read.families.insert(name.to_owned(), kind.to_owned());
                assert_eq!(earlier, None, "twice: {line}");
            } else {
                let (name, value) = line.rsplit_once(' ').expect("a value");
                let family = name.split('{').next().expect("a name");
                assert!(belongs(family, &described, &read.families), "{family} of {described}?");
                let value = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
                assert_eq!(read.samples.insert(name.to_owned(), value), None, "twice: {line}");
            }
        }
        assert!(!read.samples.is_empty());
        read
    }

    /// As it was sent.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The names of all metrics, with their kinds.
    pub fn families(&self) -> &BTreeMap<String, String> {
        &self.families
    }

    /// The value of a sample, as `name{label="value"}`; `None` when there is none.
    pub fn value(&self, sample: &str) -> Option<f64> {
        self.samples.get(sample).copied()
    }

    /// The value of a counter or of the count of a histogram, which is none before the first time.
    pub fn count(&self, sample: &str) -> u64 {
        let value = self.value(sample).unwrap_or_default();
        value.to_string().parse().unwrap_or_else(|_| panic!("{sample} is {value}"))
    }

    /// All samples whose names begin like this, in the order of their text.
    pub fn beginning_with(&self, text: &str) -> Vec<(&str, f64)> {
        self.samples
            .iter()
            .filter(|(name, _)| name.starts_with(text))
            .map(|(name, value)| (&**name, *value))
            .collect()
    }
}

/// Whether a sample of this name is one of the family described last.
fn belongs(sample: &str, family: &str, families: &BTreeMap<String, String>) -> bool {
    match families.get(family).map(String::as_str) {
        Some("histogram") => sample
            .strip_prefix(family)
            .is_some_and(|rest| ["_bucket", "_sum", "_count"].contains(&rest)),
        Some(_) => sample == family,
        None => false,
    }
}
