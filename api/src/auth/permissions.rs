//! Members of the account in force who may do one thing, as arguments of handlers.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::{AccountId, Permission};

use super::AccountInForce;
use crate::app::App;
use crate::error::ApiError;

macro_rules! permitted {
    ($($(#[$doc:meta])* $name:ident: $permission:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name {
            /// Where.
            pub account_id: AccountId,
        }

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
                let AccountInForce { account_id, role } =
                    AccountInForce::from_request_parts(parts, app).await?;
                if role.allows(Permission::$permission) {
                    Ok(Self { account_id })
                } else {
                    Err(ApiError::Forbidden)
                }
            }
        }
    )+};
}

permitted! {
    /// May trigger calls.
    CallTrigger: TriggerCall,
    /// May see campaigns and their prospects.
    CampaignViewer: ViewCampaign,
    /// May create campaigns, add prospects and hand out webhook URLs.
    CampaignEditor: EditCampaign,
}
