//! What each role allows, and what roles and permissions are called.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use domain::role::UnknownRole;
use domain::{AccountRole, InstanceRole, Permission};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The name is the same in text and in JSON, and leads back to the value.
fn assert_is_called<T>(value: T, name: &str)
where
    T: Copy + Debug + Display + PartialEq,
    T: FromStr<Err = UnknownRole> + Serialize + DeserializeOwned,
{
    assert_eq!(value.to_string(), name);
    assert_eq!(name.parse(), Ok(value));
    assert_eq!(serde_json::to_value(value).ok(), Some(name.into()));
    assert_eq!(serde_json::from_value(name.into()).ok(), Some(value));
}

#[test]
fn administrators_and_members_do_everything_in_their_account() {
    for role in [AccountRole::Admin, AccountRole::Member] {
        assert!(role.allows(Permission::TriggerCall), "{role}");
        assert!(role.allows(Permission::ViewCampaign), "{role}");
        assert!(role.allows(Permission::EditCampaign), "{role}");
    }
}

#[test]
fn viewers_look_and_change_nothing() {
    assert!(AccountRole::Viewer.allows(Permission::ViewCampaign));
    assert!(!AccountRole::Viewer.allows(Permission::TriggerCall));
    assert!(!AccountRole::Viewer.allows(Permission::EditCampaign));
}

#[test]
fn each_role_and_permission_has_one_name_everywhere() {
    assert_is_called(InstanceRole::Admin, "admin");
    assert_is_called(InstanceRole::Auditor, "auditor");
    assert_is_called(AccountRole::Admin, "admin");
    assert_is_called(AccountRole::Member, "member");
    assert_is_called(AccountRole::Viewer, "viewer");
    assert_is_called(Permission::TriggerCall, "Call.Trigger");
    assert_is_called(Permission::ViewCampaign, "Campaign.View");
    assert_is_called(Permission::EditCampaign, "Campaign.EditCampaign");
}

#[test]
fn a_name_that_is_not_exact_names_no_role() {
    for name in ["", "Admin", "ADMIN", " admin", "admin ", "owner"] {
        let unknown = UnknownRole(name.to_owned());
        assert_eq!(name.parse::<AccountRole>(), Err(unknown.clone()));
        assert_eq!(name.parse::<InstanceRole>(), Err(unknown));
    }
    assert_eq!("viewer".parse::<InstanceRole>(), Err(UnknownRole("viewer".to_owned())));
    assert_eq!("auditor".parse::<AccountRole>(), Err(UnknownRole("auditor".to_owned())));
}
