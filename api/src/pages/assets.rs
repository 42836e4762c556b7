//! Style, script and icon, embedded in the binary, and the files of Swagger UI. Their names hold a digest of their content, so a
//! browser may keep each for ever.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use utoipa_swagger_ui::Config;

use crate::error::ApiError;

/// A file that pages refer to.
pub(super) struct Asset {
    name: &'static str,
    content_type: &'static str,
    content: Content,
}

enum Content {
    /// From `api/assets`.
    Ours(&'static str),
    /// From the package of Swagger UI, by its name there.
    SwaggerUi(&'static str),
}

macro_rules! asset {
    ($name:literal, $content_type:literal) => {
        Asset {
            name: $name,
            content_type: $content_type,
            content: Content::Ours(include_str!(concat!("../../assets/", $name))),
        }
    };
    ($name:literal, $content_type:literal, of_swagger_ui $file:literal) => {
        Asset { name: $name, content_type: $content_type, content: Content::SwaggerUi($file) }
    };
}

pub(super) const STYLE: Asset = asset!("style.css", "text/css; charset=utf-8");
pub(super) const TOKEN_CARD: Asset = asset!("token-card.js", "text/javascript; charset=utf-8");
pub(super) const IDENTIFY: Asset = asset!("identify.js", "text/javascript; charset=utf-8");
pub(super) const ICON: Asset = asset!("icon.svg", "image/svg+xml");
pub(super) const DOCS: Asset = asset!("docs.js", "text/javascript; charset=utf-8");
pub(super) const SWAGGER: Asset = asset!(
    "swagger-ui.js", "text/javascript; charset=utf-8", of_swagger_ui "swagger-ui-bundle.js"
);
pub(super) const SWAGGER_STYLE: Asset =
    asset!("swagger-ui.css", "text/css; charset=utf-8", of_swagger_ui "swagger-ui.css");
pub(super) const SWAGGER_PAGE_STYLE: Asset =
    asset!("swagger-page.css", "text/css; charset=utf-8", of_swagger_ui "index.css");

static ALL: LazyLock<Vec<(String, Asset)>> = LazyLock::new(|| {
    let all = [STYLE, TOKEN_CARD, IDENTIFY, ICON, DOCS, SWAGGER, SWAGGER_STYLE, SWAGGER_PAGE_STYLE];
    all.map(|asset| (asset.hashed_name(), asset)).into()
});

impl Asset {
    fn hashed_name(&self) -> String {
        let digest = hex::encode(Sha256::digest(self.bytes()));
        format!("{}-{}", digest.get(..16).unwrap_or_default(), self.name)
    }

    fn bytes(&self) -> Cow<'static, [u8]> {
        match self.content {
            Content::Ours(text) => Cow::Borrowed(text.as_bytes()),
            Content::SwaggerUi(file) => {
                let file = utoipa_swagger_ui::serve(file, Arc::new(Config::default()));
                file.ok().flatten().map(|file| file.bytes).unwrap_or_default()
            }
        }
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
    Ok((headers, asset.bytes()).into_response())
}
