//! Style, script and icon, embedded in the binary. Their names hold a digest of their content, so a
//! browser may keep each for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// A file that pages refer to.
pub(super) struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: &'static str,
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            name: $name,
            content_type: $content_type,
            content: include_str!(concat!("../../assets/", $name)),
        }
    };
}

pub(super) const STYLE: Asset = asset!("style.css", "text/css; charset=utf-8");
pub(super) const TOKEN_CARD: Asset = asset!("token-card.js", "text/javascript; charset=utf-8");
pub(super) const ICON: Asset = asset!("icon.svg", "image/svg+xml");

static ALL: LazyLock<Vec<(String, Asset)>> =
    LazyLock::new(|| [STYLE, TOKEN_CARD, ICON].map(|asset| (asset.hashed_name(), asset)).into());

impl Asset {
    fn hashed_name(&self) -> String {
        let digest = hex::encode(Sha256::digest(self.content));
        format!("{}-{}", digest.get(..16).unwrap_or_default(), self.name)
    }

    /// Where the file is.
    pub(super) fn url(&self) -> String {
        let known = ALL.iter().find(|(_, asset)| asset.name == self.name);
        known.map(|(name, _)| format!("/assets/{name}")).unwrap_or_default()
    }
}

/// `GET /assets/{name}`.
///
/// # Errors
/// `NotFound`.
pub async fn show_asset(Path(name): Path<String>) -> Result<Response, ApiError> {
    let (_, asset) = ALL.iter().find(|(hashed, _)| *hashed == name).ok_or(ApiError::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    Ok((headers, asset.content).into_response())
}
