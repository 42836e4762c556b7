//! What a person sees in a browser: rendered here, usable without a script (but for [`docs`]), every text in
//! `text.rs`.

pub mod account;
pub mod accounts;
pub mod admin;
pub mod admin_actions;
pub mod assets;
mod byline;
pub mod campaign;
pub mod deliveries;
pub mod docs;
pub mod erasure;
pub mod error_page;
pub mod frame;
pub mod home;
pub mod member;
pub mod settings;
pub mod settings_actions;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod stragglers;
mod text;
mod time;
mod turns;
