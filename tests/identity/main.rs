//! People who come in by identity: at a real OpenID Connect provider, and behind a proxy that names them.
//!
//! The provider is npm's `oidc-provider` (see `provider.mjs`); it needs Node and `npm ci` in `tests/`.

mod oidc;
mod oidc_attacks;
mod oidc_outages;
mod pages;
mod provider;
mod proxy;
mod refusals_to_start;
mod visitor;
