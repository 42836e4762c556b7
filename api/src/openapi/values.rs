//! The schemas of values that the domain crate defines, and of texts that [`extract`](crate::extract)
//! checks. The types here exist in the document only; no value of them is ever made.
//!
//! **Invariant:** a text is valid here exactly when the code takes it, as far as a schema can say so.

use domain::{AccountRole as Roles, InstanceRole as InstanceRoles, Permission as Permissions};
use projections::{Announcement, DeliveryStatus as DeliveryStatuses, TokenStatus as TokenStatuses};
use utoipa::openapi::schema::{Object, ObjectBuilder, Schema, Type};
use utoipa::openapi::{KnownFormat, RefOr, SchemaFormat};
use utoipa::{PartialSchema, ToSchema};

use crate::auth::password;
use crate::extract::{NAME_LENGTH, TEXT_LENGTH};
use crate::handlers::call_body::DATA_KEYS;

macro_rules! values {
    ($($(#[doc = $doc:literal])+ $name:ident = $schema:expr;)+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug)]
        pub enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let builder: ObjectBuilder = $schema;
                builder.description(Some(concat!($($doc),+).trim())).into()
            }
        }

        impl ToSchema for $name {}
    )+};
}

values! {
    /// The count of a user's tokens: 1 for the first, one more for each after it.
    Generation = Object::builder().schema_type(Type::Integer).minimum(Some(1));
    /// The last four characters of a token, to tell tokens apart.
    Hint = text().pattern(Some("^[0-9A-Za-z]{4}$")).examples(["x7Qd"]);
    /// Names the state of a user's token: its generation, `<generation>-revoked`, or `none`.
    TokenTag = text().pattern(Some(r#"^"([1-9][0-9]*(-revoked)?|none)"$"#)).examples([r#""3""#]);
    /// A whole token, as its owner has it.
    Token = text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)));
    /// SHA-256 of a token: 64 hexadecimal digits, with or without `sha256:` before them.
    Digest = text().pattern(Some("^(sha256:)?[0-9A-Fa-f]{64}$"));
    /// How a token stands: nothing ended it, another took its place, or it died without a successor.
    TokenStatus = one_of(TokenStatuses::ALL.iter().map(|status| status.as_str()));
    /// What ended a token: a rotation, or a revocation.
    Invalidation = one_of(["regenerated", "revoked"]);
    /// Why someone should have no live token: locked, or a member of no open account.
    LeaverWhy = one_of(["locked", "noMembership"]);
    /// A number of days, 1 to 36500.
    Days = text().pattern(Some("^([1-9][0-9]{0,3}|[12][0-9]{4}|3[0-5][0-9]{3}|36[0-4][0-9]{2}|36500)d$")).examples(["90d"]);
    /// A route, as the list of routes has it.
    AuditRoute = text().pattern(Some("^/[0-9A-Za-z/{}-]{1,99}$")).examples(["/v1/audit/tokens"]);
    /// What happened to a token.
    TokenEventType = one_of(["TokenGenerated", "TokenRegenerated", "TokenRevoked"]);
    /// Who revoked a token: its owner, whoever held it, an administrator, or the locking of its owner.
    RevocationReason = one_of(["owner", "bearer", "administrator", "user_locked"]);
    /// How a delivery stands: to be sent, arrived, or given up.
    DeliveryStatus = one_of(DeliveryStatuses::ALL.iter().map(|status| status.as_str()));
    /// A type of event that endpoints can be told of.
    EventType = one_of(Announcement::ALL.iter().map(|kind| kind.as_str()));
    /// Names an endpoint in the endpoints file.
    EndpointName = text().pattern(Some(ENDPOINT_NAME)).examples(["crm"]);
    /// The number of a delivery.
    DeliveryId = text().pattern(Some("^[0-9]{1,19}$")).examples(["12"]);
    /// By what right something was done.
    Via = one_of(["session", "token", "webhook", "setup", "command_line", "system"]);
    /// A role that holds everywhere in this installation.
    InstanceRole = one_of(InstanceRoles::ALL.iter().map(|role| role.as_str()));
    /// A role inside one account.
    AccountRole = one_of(Roles::ALL.iter().map(|role| role.as_str()));
    /// One thing that a role allows in the account in force.
    Permission = one_of(Permissions::ALL.iter().map(|permission| permission.as_str()));
    /// 1 to 255 characters, none of them a control character, not only spaces. Spaces around it are
    /// removed.
    Name = text()
        .min_length(Some(*NAME_LENGTH.start()))
        .max_length(Some(*NAME_LENGTH.end()))
        .pattern(Some(NAME)).examples(["A name"]);
    /// An e-mail address: at most 254 characters, one `@`. Spaces around it are removed, and it is kept
    /// in lower case.
    Email = text().max_length(Some(254)).pattern(Some(EMAIL)).examples(["ada@example.com"]);
    /// A telephone number in E.164 form: `+` and 7 to 15 digits, the first not 0.
    PhoneNumber = text().pattern(Some(r"^\+[1-9][0-9]{6,14}$")).examples(["+14155552671"]);
    /// A page at LinkedIn.
    LinkedinUrl = text()
        .max_length(Some(2048))
        .pattern(Some(LINKEDIN_URL))
        .examples(["https://www.linkedin.com/in/ada"]);
    /// The IANA name of a time zone.
    TimeZone = one_of(chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
    /// What the assistant should know: at most 50 entries, and 16 KiB when written without spaces.
    CallData = ObjectBuilder::new().schema_type(Type::Object).max_properties(Some(DATA_KEYS));
    /// As someone would say it.
    Speech = text().min_length(Some(*TEXT_LENGTH.start())).max_length(Some(*TEXT_LENGTH.end()));
    /// `registered`: the call is on its way.
    CallStatus = one_of(["registered"]);
    /// From here to someone.
    CallType = one_of(["outbound"]);
    /// `archived`: it takes no more prospects.
    CampaignStatus = one_of(["active", "archived"]);
    /// `duplicate`: the campaign knew the person, or the record stands further up in the same request.
    RecordStatus = one_of(["added", "duplicate"]);
    /// 12 to 128 characters.
    Password = text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Password)))
        .min_length(Some(*password::LENGTH.start()))
        .max_length(Some(*password::LENGTH.end())).examples(["a password of yours"]);
}

pub(super) const ENDPOINT_NAME: &str = "^[0-9a-z-]{1,40}$";
/// At least one character that is no space, and no control characters.
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
/// `http` or `https`, `linkedin.com` or a name under it, and a path that is not empty.
const LINKEDIN_URL: &str = r#"^[hH][tT][tT][pP][sS]?://([0-9A-Za-z-]+\.)*[lL][iI][nN][kK][eE][dD][iI][nN]\.[cC][oO][mM]/+[!-"$-.0->@-~][!-~]*$"#;
const EMAIL: &str = r"^ *[^@\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+ *$";

fn text() -> ObjectBuilder {
    Object::builder().schema_type(Type::String)
}

fn one_of(texts: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    text().enum_values(Some(texts))
}
