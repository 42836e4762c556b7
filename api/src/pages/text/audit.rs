//! Texts of the pages for auditors.

pub(in crate::pages) const AUDIT: &str = "Audit";
pub(in crate::pages) const HAPPENED: &str = "What happened to tokens";
pub(in crate::pages) const HOW_FAR_BACK: &str = "How far back";
pub(in crate::pages) const DAYS: &str = "days";
pub(in crate::pages) const TO: &str = "to";
pub(in crate::pages) const IN_UTC: &str =
    "Days are in UTC. A part of a bar leads to the tokens that it counts.";
pub(in crate::pages) const BY_WEEK: &str = "A bar is a week, from Monday on.";
pub(in crate::pages) const NOTHING_HAPPENED: &str = "Nothing happened to tokens in these days.";
pub(in crate::pages) const AS_TABLE: &str = "The same as a table";
pub(in crate::pages) const DAY: &str = "Day";
pub(in crate::pages) const WEEK: &str = "Week";
pub(in crate::pages) const ISSUED: &str = "Issued";
pub(in crate::pages) const ROTATED: &str = "Rotated";
pub(in crate::pages) const REVOKED: &str = "Revoked";
pub(in crate::pages) const LIVE: &str = "Live";
pub(in crate::pages) const REPLACED: &str = "Replaced";
pub(in crate::pages) const REPLACED_BY_TOKEN: &str = "Replaced by token";
pub(in crate::pages) const REASON: &str = "Reason";
pub(in crate::pages) const REASON_OWNER: &str = "deleted by its owner";
pub(in crate::pages) const REASON_BEARER: &str = "killed with the token itself";
pub(in crate::pages) const REASON_ADMINISTRATOR: &str = "by an administrator";
pub(in crate::pages) const REASON_LOCKED: &str = "its owner was locked";
pub(in crate::pages) const MADE: &str = "Issued how";
pub(in crate::pages) const MADE_ANEW: &str = "where none was";
pub(in crate::pages) const MADE_BY_ROTATION: &str = "in place of another";
pub(in crate::pages) const ONLY: &str = "Only";
pub(in crate::pages) const ANY: &str = "any";

pub(in crate::pages) const LEAVERS: &str = "Leavers";
pub(in crate::pages) const LEAVERS_TEXT: &str =
    "Live tokens of people who are locked or belong to no open account. There should be none.";
pub(in crate::pages) const STALE: &str = "Stale";
pub(in crate::pages) const STALE_TEXT: &str = "Live tokens that were neither made nor used for";
pub(in crate::pages) const SHOW_THEM: &str = "Show them";
pub(in crate::pages) const NONE: &str = "None";

pub(in crate::pages) const TOKENS: &str = "Tokens";
pub(in crate::pages) const FIND_TOKENS: &str = "Find tokens";
pub(in crate::pages) const ALL_TOKENS: &str = "All tokens";
pub(in crate::pages) const NO_TOKENS: &str = "There are no such tokens.";
pub(in crate::pages) const USER_OR_ID: &str = "User, by e-mail or id";
pub(in crate::pages) const NO_SUCH_USER: &str = "No user has this e-mail address or id.";
pub(in crate::pages) const ISSUED_FROM: &str = "Issued from";
pub(in crate::pages) const ENDED_FROM: &str = "Ended from";
pub(in crate::pages) const UP_TO: &str = "up to";
pub(in crate::pages) const SHOW: &str = "Show";
pub(in crate::pages) const TOKEN: &str = "Token";
pub(in crate::pages) const ENDED: &str = "Ended";
pub(in crate::pages) const FIRST_REFUSED: &str = "First refused afterwards";
pub(in crate::pages) const LAST_USED: &str = "Last used";
pub(in crate::pages) const NEVER: &str = "Never";
pub(in crate::pages) const ENDING_IN: &str = "Tokens that end in";
pub(in crate::pages) const OWNER_IS_LOCKED: &str = "Its owner is locked.";
pub(in crate::pages) const OWNER_IS_NO_MEMBER: &str = "Its owner belongs to no open account.";
pub(in crate::pages) const THE_SERVICE: &str = "the service";
pub(in crate::pages) const THE_OWNER: &str = "its owner";
pub(in crate::pages) const WITH_A_TOKEN: &str = "with a token";
pub(in crate::pages) const AT_SET_UP: &str = "at set-up";
pub(in crate::pages) const ON_THE_COMMAND_LINE: &str = "on the command line";

pub(in crate::pages) const IDENTIFY: &str = "Identify a token";
pub(in crate::pages) const IDENTIFY_TEXT: &str =
    "Someone found a token: whose is it, or whose was it? It does not count as a use of the token.";
pub(in crate::pages) const PASTE_TOKEN: &str = "Paste the token";
pub(in crate::pages) const PASTE_TEXT: &str = "It does not leave this page: your browser computes its SHA-256, asks with that, and forgets the token.";
pub(in crate::pages) const NOT_SECURE: &str = "To take a whole token, this page must be opened by https or on localhost. Otherwise browsers do not \
     compute SHA-256.";
pub(in crate::pages) const WITHOUT_SCRIPT: &str =
    "Without JavaScript a token can be found by its last four characters only.";
pub(in crate::pages) const LAST_FOUR: &str = "Or its last four characters";
pub(in crate::pages) const ASK: &str = "Identify";
pub(in crate::pages) const FIND: &str = "Find";
pub(in crate::pages) const NO_HINT: &str =
    "Enter the last four characters of a token, letters and digits.";
pub(in crate::pages) const NOT_KNOWN: &str = "This token was never issued here.";
pub(in crate::pages) const NO_TOKEN_TEXT: &str = "There is nothing to look for.";
pub(in crate::pages) const OF_WHOM: &str = "of";
pub(in crate::pages) const SINCE: &str = "since";
pub(in crate::pages) const SIGNED_OUT: &str = "You are no longer signed in.";

pub(in crate::pages) const PROOF: &str = "Proof";
pub(in crate::pages) const PROOF_TEXT: &str = "Every event is in a log that only grows. A signed checkpoint, kept outside, shows later whether \
     anything before it was changed.";
pub(in crate::pages) const EVENTS_COVERED: &str = "Events covered";
pub(in crate::pages) const ROOT: &str = "Root";
pub(in crate::pages) const SIGNED: &str = "Signed";
pub(in crate::pages) const PUBLIC_KEY: &str = "Public key";
pub(in crate::pages) const WAITING_EVENTS: &str = "Events still to be numbered";
pub(in crate::pages) const NO_CHECKPOINT: &str = "Nothing has been signed yet.";
pub(in crate::pages) const SIGN_NOW: &str = "Sign a fresh checkpoint";
pub(in crate::pages) const LAST_CHECKPOINTS: &str = "Last checkpoints";
pub(in crate::pages) const LOG_BROKEN: &str = "Nothing was signed: the log does not continue what was signed before. Its history was changed.";
pub(in crate::pages) const EXPORT: &str = "Export";
pub(in crate::pages) const EXPORT_TEXT: &str = "The whole log as a file. NDJSON is the one that can be verified; CSV is for spreadsheets, OCSF for \
     security tools.";
pub(in crate::pages) const VERIFY: &str = "Verify";
pub(in crate::pages) const VERIFY_TEXT: &str = "Download the NDJSON export and the checkpoint, and check them on any machine, without a network:";
pub(in crate::pages) const DOWNLOAD_CHECKPOINT: &str = "Latest checkpoint";

pub(in crate::pages) const READS: &str = "Recent reads";
pub(in crate::pages) const READS_TEXT: &str =
    "Who looked at this history. This view is recorded, too.";
pub(in crate::pages) const NO_READS: &str = "Nobody has looked yet.";
pub(in crate::pages) const WHO: &str = "Who";
pub(in crate::pages) const ANSWER: &str = "Answer";

pub(in crate::pages) const NOW: &str = "Now";
pub(in crate::pages) const AS_OF: &str = "At another time";
pub(in crate::pages) const AS_OF_TEXT: &str =
    "What was live, and what the user could do, at one moment.";
pub(in crate::pages) const MOMENT: &str = "Date and time, in UTC";
pub(in crate::pages) const NO_MOMENT: &str = "Enter a date and a time, like 2026-05-03T14:05.";
pub(in crate::pages) const NOT_YET: &str = "This moment has not come yet.";
pub(in crate::pages) const NOT_KNOWN_THEN: &str = "The user was not known yet.";
pub(in crate::pages) const NO_TOKEN_WORKS: &str = "No token of this user is live.";
pub(in crate::pages) const TOKEN_WORKS: &str = "Requests with this token are let in.";
pub(in crate::pages) const TOKEN_IS_REFUSED: &str =
    "Requests with this token are refused, because the user is locked.";
pub(in crate::pages) const NO_TOKEN_WORKED: &str = "No token of this user was live.";
pub(in crate::pages) const TOKEN_WORKED: &str = "Requests with this token were let in.";
pub(in crate::pages) const TOKEN_WAS_REFUSED: &str =
    "Requests with this token were refused, because the user was locked.";
pub(in crate::pages) const USER: &str = "User";
pub(in crate::pages) const ACCESS: &str = "Access";
pub(in crate::pages) const NO_ACCESS: &str = "Member of no open account";
pub(in crate::pages) const LINEAGE: &str = "Tokens, one after the other";
pub(in crate::pages) const NO_LINEAGE: &str = "This user never had a token.";
