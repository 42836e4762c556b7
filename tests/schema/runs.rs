//! As whom the document is tried, and on which operations.

/// Who sends the requests.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sender {
    /// Someone without a credential.
    Nobody,
    /// A member of the account, by token.
    MemberByToken,
    /// The same person in a browser.
    MemberBySession,
    /// An administrator of the instance, by token.
    AdminByToken,
    /// The same person in a browser.
    AdminBySession,
    /// An auditor of the instance, by token.
    AuditorByToken,
    /// The same person in a browser.
    AuditorBySession,
    /// Someone who is about to lose the token.
    LeaverByToken,
    /// Someone who is about to lose the session.
    LeaverBySession,
}

/// On which operations, by their ids or tags.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Operations {
    /// On all but these.
    AllBut(&'static [&'static str]),
    /// On these.
    Only(&'static [&'static str]),
    /// On those with these tags, but for these.
    TaggedBut(&'static [&'static str], &'static [&'static str]),
}

/// One run of schemathesis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) name: &'static str,
    pub(crate) sender: Sender,
    pub(crate) operations: Operations,
    /// For each operation, in the phases that draw them by chance; `SYMBOLON_EXAMPLES` times as many when that is set.
    pub(crate) examples: u32,
}

use Operations::{AllBut, Only, TaggedBut};
use Sender::{
    AdminBySession, AdminByToken, AuditorBySession, AuditorByToken, LeaverBySession, LeaverByToken,
    MemberBySession, MemberByToken, Nobody,
};

/// What only administrators may.
const ADMINISTRATION: &[&str] = &["Administration", "Deliveries"];
/// What auditors may.
const AUDIT: &[&str] = &["Audit"];

/// The first three try everything but what would end the sender's own credential, the next two just that,
/// then come auditors, and last administrators, who may lock out all others.
pub(crate) const RUNS: &[Run] = &[
    // `DELETE /v1/token` kills the token that is sent.
    Run {
        name: "member-token",
        sender: MemberByToken,
        operations: AllBut(&["revoke_own_token"]),
        examples: 6,
    },
    // `DELETE /v1/session` ends the session that is sent.
    Run {
        name: "member-session",
        sender: MemberBySession,
        operations: AllBut(&["delete_session"]),
        examples: 4,
    },
    Run { name: "nobody", sender: Nobody, operations: AllBut(&[]), examples: 2 },
    Run {
        name: "leaver-token",
        sender: LeaverByToken,
        operations: Only(&["revoke_own_token"]),
        examples: 4,
    },
    Run {
        name: "leaver-session",
        sender: LeaverBySession,
        operations: Only(&["delete_session"]),
        examples: 4,
    },
    Run {
        name: "auditor-token",
        sender: AuditorByToken,
        operations: TaggedBut(AUDIT, &[]),
        examples: 6,
    },
    Run {
        name: "auditor-session",
        sender: AuditorBySession,
        operations: TaggedBut(AUDIT, &[]),
        examples: 4,
    },
    // `DELETE /v1/admin/users/{id}/api-token` kills it, too, when it comes upon the own id.
    Run {
        name: "admin-token",
        sender: AdminByToken,
        operations: TaggedBut(ADMINISTRATION, &["revoke_user_token"]),
        examples: 4,
    },
    Run {
        name: "admin-session",
        sender: AdminBySession,
        operations: TaggedBut(ADMINISTRATION, &[]),
        examples: 4,
    },
];

impl Operations {
    /// As options of the command line.
    pub(crate) fn options(self) -> Vec<String> {
        let each = |option: &str, names: &[&str]| -> Vec<String> {
            names.iter().flat_map(|name| [option.to_owned(), (*name).to_owned()]).collect()
        };
        match self {
            AllBut(names) => each("--exclude-operation-id", names),
            Only(names) => each("--include-operation-id", names),
            TaggedBut(tags, names) => {
                [each("--include-tag", tags), each("--exclude-operation-id", names)].concat()
            }
        }
    }

    /// Whether so many operations of the document may be left out: where all but some are meant, no more
    /// than those.
    pub(crate) fn may_leave_out(self, count: u64) -> bool {
        match self {
            AllBut(names) => count == names.len() as u64,
            Only(_) | TaggedBut(..) => true,
        }
    }
}
