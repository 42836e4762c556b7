//! Where people sign in with OpenID Connect. All of it or nothing.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use axum::http::Uri;
use secrecy::{ExposeSecret, SecretString};

use super::SettingsError;

/// An identity provider and who we are to it. No `Debug`: it holds a secret.
#[derive(Clone)]
pub struct OidcSettings {
    /// The provider's URL, to the byte as in its tokens.
    pub issuer: String,
    /// Our name there.
    pub client_id: String,
    /// What proves that we are who we say.
    pub client_secret: SecretString,
}

/// As the sources have it.
pub(super) struct RawOidc {
    pub(super) issuer: Option<String>,
    pub(super) client_id: Option<String>,
    pub(super) client_secret: Option<SecretString>,
    pub(super) client_secret_file: Option<PathBuf>,
}

fn refused(name: &'static str, value: impl Display, reason: &str) -> SettingsError {
    SettingsError::Value { name, value: value.to_string(), reason: reason.to_owned() }
}

impl RawOidc {
    /// `None` when nothing is set.
    pub(super) fn parse(self) -> Result<Option<OidcSettings>, SettingsError> {
        let secret = secret(self.client_secret, self.client_secret_file.as_deref())?;
        let (issuer, client_id, client_secret) = match (self.issuer, self.client_id, secret) {
            (None, None, None) => return Ok(None),
            (Some(issuer), Some(client_id), Some(secret)) => (issuer, client_id, secret),
            (Some(issuer), _, _) => {
                let reason = "oidc_client_id and oidc_client_secret must be set too";
                return Err(refused("oidc_issuer", issuer, reason));
            }
            (None, Some(id), _) => {
                let reason = "oidc_issuer and oidc_client_secret must be set too";
                return Err(refused("oidc_client_id", id, reason));
            }
            (None, None, Some(_)) => {
                let reason = "oidc_issuer and oidc_client_id must be set too";
                return Err(refused("oidc_client_secret", "…", reason));
            }
        };
        if !is_safe(&issuer) {
            let reason = "it must be an https URL without query; http only on this machine";
            return Err(refused("oidc_issuer", issuer, reason));
        }
        if client_id.is_empty() {
            return Err(refused("oidc_client_id", client_id, "it must not be empty"));
        }
        Ok(Some(OidcSettings { issuer, client_id, client_secret }))
    }
}

/// The secret itself, from whichever place has it. Never repeated in an error.
fn secret(
    direct: Option<SecretString>,
    file: Option<&Path>,
) -> Result<Option<SecretString>, SettingsError> {
    let secret = match (direct, file) {
        (None, None) => return Ok(None),
        (Some(secret), None) => secret,
        (None, Some(path)) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                let reason = format!("it cannot be read: {error}");
                refused("oidc_client_secret_file", path.display(), &reason)
            })?;
            text.trim_end_matches(['\r', '\n']).into()
        }
        (Some(_), Some(path)) => {
            let reason = "oidc_client_secret is set too; set one of them";
            return Err(refused("oidc_client_secret_file", path.display(), reason));
        }
    };
    if secret.expose_secret().is_empty() {
        return Err(refused("oidc_client_secret", "", "it must not be empty"));
    }
    Ok(Some(secret))
}

/// Whoever can change what the provider says can be anyone, so it must come over TLS (OpenID Connect
/// Discovery, section 7.1). A provider on this machine may do without.
fn is_safe(issuer: &str) -> bool {
    let Ok(uri) = issuer.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let is_local = host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    let is_private = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_local,
        Some(_) | None => false,
    };
    is_private && uri.query().is_none() && !issuer.contains('#')
}
