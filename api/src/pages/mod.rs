//! What a person sees in a browser.

pub mod home;
pub mod html;
pub mod setup;
