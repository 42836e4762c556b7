//! The history that an auditor can prove: the key that signs it, who signs and when, and who numbers events.

pub mod keeper;
pub mod key;
pub mod notary;
pub mod reading;

pub use keeper::LogKeeper;
pub use key::LogKeyError;
pub use notary::{Notary, NotaryError};
