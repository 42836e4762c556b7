//! The history that an auditor can prove: the key that signs it, who signs and when, who numbers events, and
//! how all of it is handed out.

pub mod export;
pub mod keeper;
pub mod key;
pub mod notary;
pub mod ocsf;
pub mod reading;

pub use keeper::LogKeeper;
pub use key::LogKeyError;
pub use notary::{Notary, NotaryError};
