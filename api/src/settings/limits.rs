//! How often an account may be acted in.

use std::num::NonZeroU32;

use super::SettingsError;

/// Requests in any minute, per account and node.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    /// Of any kind.
    pub account_per_minute: NonZeroU32,
    /// That add prospects.
    pub prospects_per_minute: NonZeroU32,
}

impl LimitSettings {
    pub(super) fn parse(account: u32, prospects: u32) -> Result<Self, SettingsError> {
        Ok(Self {
            account_per_minute: at_least_one("account_requests_per_minute", account)?,
            prospects_per_minute: at_least_one("prospect_requests_per_minute", prospects)?,
        })
    }
}

fn at_least_one(name: &'static str, number: u32) -> Result<NonZeroU32, SettingsError> {
    NonZeroU32::new(number).ok_or_else(|| SettingsError::Value {
        name,
        value: number.to_string(),
        reason: "it must be at least 1".to_owned(),
    })
}
