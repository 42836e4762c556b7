//! What schemathesis reports, and the judgement of it.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::runs::Run;

/// The report of one run.
#[derive(Debug)]
pub(crate) struct Report(Value);

impl Report {
    /// Reads the file.
    pub(crate) fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("a report");
        Self(serde_json::from_str(&text).expect("a report in JSON"))
    }

    fn number(&self, pointer: &str) -> u64 {
        let number = self.0.pointer(pointer).and_then(Value::as_u64);
        number.unwrap_or_else(|| panic!("no number at {pointer} in {}", self.0))
    }

    /// How many requests were made and judged.
    pub(crate) fn judged(&self) -> u64 {
        self.number("/test_cases/generated") - self.number("/test_cases/without_checks")
    }

    /// Which operations answered a valid request as asked.
    pub(crate) fn accepted(&self) -> BTreeSet<String> {
        let rates = self.0["valid_rates"].as_object().expect("rates by operation");
        let counts = |phases: &Value| {
            phases.as_object().is_some_and(|phases| {
                phases.values().any(|rate| rate["accepted"].as_u64().unwrap_or_default() > 0)
            })
        };
        rates.iter().filter(|(_, it)| counts(it)).map(|(name, _)| name.clone()).collect()
    }

    /// Expects that the run came to its end on every operation that it was to try, and found nothing.
    #[track_caller]
    pub(crate) fn assert_clean(&self, run: &Run, said: &str) {
        let all = &self.0;
        assert_eq!(all["exit_code"], 0, "{}: {said}", run.name);
        assert_eq!(all["complete"], true, "{}: {said}", run.name);
        assert_eq!(all["stop_reason"], "completed", "{}: {said}", run.name);
        for nothing in ["failures", "errors"] {
            assert_eq!(all[nothing], Value::Array(vec![]), "{}: {said}", run.name);
        }
        let operations = |what: &str| self.number(&format!("/operations/{what}"));
        assert_eq!(operations("tested"), operations("selected"), "{}: {said}", run.name);
        let left_out = operations("total") - operations("selected");
        assert!(run.operations.may_leave_out(left_out), "{}: {said}", run.name);
        for warning in
            ["unsupported_regex", "unmatched_filter", "dictionary_mismatch", "rate_limited"]
        {
            assert_eq!(all["warnings"][warning], Value::Array(vec![]), "{}: {said}", run.name);
        }
        assert_eq!(all["seed"], crate::seed());
    }
}
