//! Every text that a person reads on a page. Those of the token card are the product's, to the letter.

pub(super) const PRODUCT: &str = "Symbolon";
pub(super) const SETTINGS: &str = "Settings";
pub(super) const ADMIN: &str = "Administration";
pub(super) const SIGN_OUT: &str = "Sign out";
pub(super) const SIGN_OUT_EVERYWHERE: &str = "Sign out everywhere";
pub(super) const SKIP: &str = "Skip to content";
pub(super) const DOCS: &str = "HTTP API";
pub(super) const DOCS_WITHOUT_SCRIPT: &str =
    "This page needs JavaScript. What it shows is also a file:";

pub(super) const API_TOKENS: &str = "API tokens";
pub(super) const API_TOKEN: &str = "API token";
pub(super) const ACTS_AS_YOU: &str = "Your token lets tools and scripts use the API as you, with the access you have. You can have one \
     active token at a time.";
pub(super) const GENERATE: &str = "Generate token";
pub(super) const CREATED: &str = "API token created successfully.";
pub(super) const REGENERATE: &str = "Regenerate token";
pub(super) const REGENERATED: &str = "API token regenerated successfully.";
pub(super) const SURE: &str = "Are you Sure?";
pub(super) const SURE_TEXT: &str = "Regenerating will invalidate your current token and you'll need to update any existing \
     integrations that use it. This action cannot be undone.";
pub(super) const REGENERATE_CONFIRM: &str = "Regenerate Token";
pub(super) const CANCEL: &str = "Cancel";
pub(super) const DELETE: &str = "Delete token";
pub(super) const DELETE_SURE: &str = "Delete your token?";
pub(super) const DELETE_TEXT: &str = "Every integration that uses it stops working immediately. You can generate a new token at any \
     time, but this one cannot be restored.";
pub(super) const DELETE_CONFIRM: &str = "Delete Token";
pub(super) const DELETED: &str = "API token deleted.";
pub(super) const COPY: &str = "Copy API token";
pub(super) const COPIED: &str = "Copied";
pub(super) const COPY_BY_HAND: &str = "Your browser does not allow copying. Press Ctrl+C.";
pub(super) const COPY_NOW: &str =
    "Copy it now and store it like a password. It is not shown again after you leave this page.";
pub(super) const NO_COPY: &str = "The full token is shown only right after it is generated.";
pub(super) const TRY_IT: &str = "Try it";
pub(super) const COPY_COMMAND: &str = "Copy command";
pub(super) const IN_ACCOUNT: &str = "Account to act in";
pub(super) const CHANGED_ELSEWHERE: &str = "Your token has changed since this page was opened, perhaps in another tab. Nothing was done \
     here.";
pub(super) const SHOW_CURRENT: &str = "Show the current state";
pub(super) const FAILED: &str = "That did not work. Please try again.";
pub(super) const UNKNOWN: &str = "No answer came, so it is not known whether this was done.";
pub(super) const NO_SCRIPT_COPY: &str =
    "Select the token and copy it now. It is shown on this page only.";
pub(super) const DONE: &str = "Done";

pub(super) const STRAGGLERS: &str = "Still sending your old token";
pub(super) const STRAGGLERS_TEXT: &str = "These programs send a token of yours that no longer works, and every request is refused. Give them \
     your current token, or stop them.";
pub(super) const STRAGGLERS_WHO: &str = "Program and address";
pub(super) const STRAGGLERS_WHICH: &str = "Sends";
pub(super) const STRAGGLERS_SINCE: &str = "Refused since";
pub(super) const STRAGGLERS_LAST: &str = "Last refused";
pub(super) const STRAGGLERS_REQUESTS: &str = "Requests";
pub(super) const STRAGGLERS_TOKEN: &str = "token";
pub(super) const STRAGGLERS_NAMELESS: &str = "A program that gives no name";
pub(super) const STRAGGLERS_HIDE: &str = "Hide until they send it again";

pub(super) const HISTORY: &str = "History";
pub(super) const HISTORY_EMPTY: &str = "Nothing has happened yet.";
pub(super) const WHAT: &str = "What";
pub(super) const WHEN: &str = "When";
pub(super) const FROM_WHERE: &str = "From where";
pub(super) const OLDER: &str = "Older";
pub(super) const NEWER: &str = "Newer";
pub(super) const SESSIONS: &str = "Sessions";
pub(super) const SESSIONS_TEXT: &str =
    "Signing out everywhere ends every browser session of yours. It does not touch your API token.";

pub(super) const SIGN_IN: &str = "Sign in";
pub(super) const SIGN_IN_PROVIDER: &str = "Sign in with your organisation";
pub(super) const SET_UP_PROVIDER: &str = "Come in with your organisation’s account instead";
pub(super) const EMAIL: &str = "E-mail";
pub(super) const PASSWORD: &str = "Password";
pub(super) const NAME: &str = "Name";
pub(super) const SET_UP: &str = "Set up";
pub(super) const SET_UP_FIRST: &str = "You will be the administrator of this installation.";
pub(super) const SET_UP_INVITED: &str = "Choose a password to sign in with.";
pub(super) const NEW_PASSWORD: &str = "Password (12 characters or more)";
pub(super) const FIRST_ACCOUNT: &str = "Name of the first account";
pub(super) const CONTINUE: &str = "Continue";
pub(super) const LINK_REFUSED: &str = "This link does not work";
pub(super) const LINK_REFUSED_TEXT: &str = "It was used, has expired, or is not complete. Ask whoever sent it for a new one; for the first \
     user, restart the server.";
pub(super) const WAITING: &str = "Almost there";
pub(super) const WAITING_TEXT: &str =
    "Nobody can sign in yet. Follow the set-up link that the server printed when it started.";
pub(super) const HOME: &str = "Back to the start";

pub(super) const DELIVERIES: &str = "Deliveries";
pub(super) const DEAD: &str = "Given up";
pub(super) const DEAD_TEXT: &str =
    "These were tried until the schedule ended. Once the receiver works again, replay them.";
pub(super) const DEAD_EMPTY: &str = "Nothing was given up.";
pub(super) const PENDING: &str = "Waiting";
pub(super) const PENDING_EMPTY: &str = "Nothing is waiting.";
pub(super) const NOT_TRIED: &str = "not tried yet";
pub(super) const NEXT_ATTEMPT: &str = "Next attempt";
pub(super) const NOT_BEFORE: &str = "not before";
pub(super) const LAST_ERROR: &str = "Last error";
pub(super) const ATTEMPTS: &str = "attempts:";
pub(super) const REPLAY: &str = "Replay";
pub(super) const ENDPOINT: &str = "Endpoint";
pub(super) const ENDPOINTS: &str = "Endpoints";
pub(super) const ENDPOINTS_TEXT: &str =
    "Who is told what happens here. They are configured in the endpoints file.";
pub(super) const ENDPOINTS_EMPTY: &str = "No endpoint is configured.";
pub(super) const WHERE: &str = "Where";

pub(super) const USERS: &str = "Users";
pub(super) const ACCOUNTS: &str = "Accounts";
pub(super) const INVITE: &str = "Invite";
pub(super) const INVITE_SOMEONE: &str = "Invite someone";
pub(super) const INVITED: &str =
    "Send this link to the person you invited. It works once, for 7 days, and is not shown again.";
pub(super) const ROLES: &str = "Roles";
pub(super) const ROLE: &str = "Role";
pub(super) const STATE: &str = "State";
pub(super) const ACTIONS: &str = "Actions";
pub(super) const LOCK: &str = "Lock";
pub(super) const UNLOCK: &str = "Unlock";
pub(super) const ERASE: &str = "Erase…";
pub(super) const ERASE_SURE: &str = "Erase this person’s data?";
pub(super) const ERASE_TEXT: &str = "E-mail address, name, password, identities, invitations, sessions, and the addresses and programs \
     that this person used are erased. Nothing can be restored, and the user can never be unlocked.";
pub(super) const ERASE_STAYS: &str =
    "What the user did stays in the history, as done by an erased user.";
pub(super) const ERASE_CONFIRM: &str = "Erase for ever";
pub(super) const ERASED_USER: &str = "Erased user";
pub(super) const LOCKED: &str = "locked";
pub(super) const ACTIVE: &str = "active";
pub(super) const CLOSED: &str = "closed";
pub(super) const REVOKE: &str = "Revoke token";
pub(super) const OPEN_ACCOUNT: &str = "Open an account";
pub(super) const OPEN: &str = "Open";
pub(super) const MEMBERS: &str = "Members";
pub(super) const NO_MEMBERS: &str = "No members yet.";
pub(super) const ADD_MEMBER: &str = "Add member";
pub(super) const CHANGE_ROLE: &str = "Change role";
pub(super) const REMOVE: &str = "Remove";

pub(super) const ACCOUNT: &str = "Account";
pub(super) const ACCOUNT_ID: &str = "Account id";
pub(super) const YOUR_ROLE: &str = "Your role:";
pub(super) const NO_ACCOUNT: &str =
    "You are not a member of any account. An administrator can make you one.";
pub(super) const ID: &str = "Id";
pub(super) const ASSISTANTS: &str = "Assistants";
pub(super) const ASSISTANT: &str = "Assistant";
pub(super) const NO_ASSISTANTS: &str = "No assistants yet.";
pub(super) const ADD_ASSISTANT: &str = "Add assistant";
pub(super) const PHONE_NUMBER: &str = "Phone number";
pub(super) const PHONE_NUMBER_FORM: &str = "In international form, like +14155552671";
pub(super) const CALLS: &str = "Calls";
pub(super) const NO_CALLS: &str = "No calls yet.";
pub(super) const TO_WHOM: &str = "To whom";
pub(super) const NUMBER: &str = "Number";
pub(super) const WHEN_BY_WHOM: &str = "When, and by whom";
pub(super) const ERASED: &str = "erased";
pub(super) const CAMPAIGNS: &str = "Campaigns";
pub(super) const NO_CAMPAIGNS: &str = "No campaigns yet.";
pub(super) const CREATED_AT: &str = "Created";
pub(super) const ARCHIVED: &str = "archived";
pub(super) const CAMPAIGN_ID: &str = "Campaign id";
pub(super) const WEBHOOK_URL: &str = "Webhook URL";
pub(super) const WEBHOOK_LIVE: &str = "is live since";
pub(super) const WEBHOOK_HINT: &str = "Its secret ends in";
pub(super) const NO_WEBHOOK: &str = "No webhook URL is live.";
pub(super) const PROSPECTS: &str = "Prospects";
pub(super) const NO_PROSPECTS: &str = "No prospects yet.";
pub(super) const NO_NAME: &str = "No name";
pub(super) const WORK: &str = "Company, job title";
pub(super) const CONTACT: &str = "Contact";
pub(super) const ADDED: &str = "Added";
pub(super) const SOMEONE: &str = "someone";
pub(super) const AN_ERASED_USER: &str = "an erased user";
pub(super) const BY: &str = "by";
pub(super) const IN_THE_BROWSER: &str = "in the browser";
pub(super) const WITH_TOKEN: &str = "with token";
pub(super) const THROUGH_WEBHOOK: &str = "webhook URL";

pub(super) const AUDIT: &str = "Audit";
pub(super) const HAPPENED: &str = "What happened to tokens";
pub(super) const HOW_FAR_BACK: &str = "How far back";
pub(super) const DAYS: &str = "days";
pub(super) const TO: &str = "to";
pub(super) const IN_UTC: &str =
    "Days are in UTC. A part of a bar leads to the tokens that it counts.";
pub(super) const BY_WEEK: &str = "A bar is a week, from Monday on.";
pub(super) const NOTHING_HAPPENED: &str = "Nothing happened to tokens in these days.";
pub(super) const AS_TABLE: &str = "The same as a table";
pub(super) const DAY: &str = "Day";
pub(super) const WEEK: &str = "Week";
pub(super) const ISSUED: &str = "Issued";
pub(super) const ROTATED: &str = "Rotated";
pub(super) const REVOKED: &str = "Revoked";
pub(super) const LIVE: &str = "Live";
pub(super) const REPLACED: &str = "Replaced";
pub(super) const REPLACED_BY_TOKEN: &str = "Replaced by token";
pub(super) const REASON: &str = "Reason";
pub(super) const REASON_OWNER: &str = "deleted by its owner";
pub(super) const REASON_BEARER: &str = "killed with the token itself";
pub(super) const REASON_ADMINISTRATOR: &str = "by an administrator";
pub(super) const REASON_LOCKED: &str = "its owner was locked";
pub(super) const MADE: &str = "Issued how";
pub(super) const MADE_ANEW: &str = "where none was";
pub(super) const MADE_BY_ROTATION: &str = "in place of another";
pub(super) const ONLY: &str = "Only";
pub(super) const ANY: &str = "any";

pub(super) const LEAVERS: &str = "Leavers";
pub(super) const LEAVERS_TEXT: &str =
    "Live tokens of people who are locked or belong to no open account. There should be none.";
pub(super) const STALE: &str = "Stale";
pub(super) const STALE_TEXT: &str = "Live tokens that were neither made nor used for so many days:";
pub(super) const SHOW_THEM: &str = "Show them";
pub(super) const NONE: &str = "None";

pub(super) const TOKENS: &str = "Tokens";
pub(super) const FIND_TOKENS: &str = "Find tokens";
pub(super) const ALL_TOKENS: &str = "All tokens";
pub(super) const NO_TOKENS: &str = "There are no such tokens.";
pub(super) const USER_OR_ID: &str = "User, by e-mail or id";
pub(super) const NO_SUCH_USER: &str = "No user has this e-mail address or id.";
pub(super) const ISSUED_FROM: &str = "Issued from";
pub(super) const ENDED_FROM: &str = "Ended from";
pub(super) const UP_TO: &str = "up to";
pub(super) const SHOW: &str = "Show";
pub(super) const TOKEN: &str = "Token";
pub(super) const ENDED: &str = "Ended";
pub(super) const LAST_USED: &str = "Last used";
pub(super) const NEVER: &str = "Never";
pub(super) const ENDING_IN: &str = "Tokens that end in";
pub(super) const OWNER_IS_LOCKED: &str = "Its owner is locked.";
pub(super) const OWNER_IS_NO_MEMBER: &str = "Its owner belongs to no open account.";
pub(super) const ERASED_USER: &str = "Erased user";
pub(super) const AN_ERASED_USER: &str = "an erased user";
pub(super) const THE_SERVICE: &str = "the service";
pub(super) const THE_OWNER: &str = "its owner";
pub(super) const WITH_A_TOKEN: &str = "with a token";
pub(super) const AT_SET_UP: &str = "at set-up";
pub(super) const ON_THE_COMMAND_LINE: &str = "on the command line";

pub(super) const IDENTIFY: &str = "Identify a token";
pub(super) const IDENTIFY_TEXT: &str =
    "Someone found a token: whose is it, or whose was it? It does not count as a use of the token.";
pub(super) const PASTE_TOKEN: &str = "Paste the token";
pub(super) const PASTE_TEXT: &str = "It does not leave this page: your browser computes its SHA-256, asks with that, and forgets the token.";
pub(super) const NOT_SECURE: &str = "To take a whole token, this page must be opened by https or on localhost. Otherwise browsers do not \
     compute SHA-256.";
pub(super) const WITHOUT_SCRIPT: &str =
    "Without JavaScript a token can be found by its last four characters only.";
pub(super) const LAST_FOUR: &str = "Or its last four characters";
pub(super) const FIND: &str = "Find";
pub(super) const NO_HINT: &str = "Enter the last four characters of a token, letters and digits.";
pub(super) const NOT_KNOWN: &str = "This token was never issued here.";
pub(super) const NO_TOKEN_TEXT: &str = "There is nothing to look for.";
pub(super) const OF_WHOM: &str = "of";
pub(super) const SINCE: &str = "since";
pub(super) const SIGNED_OUT: &str = "You are no longer signed in.";

pub(super) const PROOF: &str = "Proof";
pub(super) const PROOF_TEXT: &str = "Every event is in a log that only grows. A signed checkpoint, kept outside, shows later whether \
     anything before it was changed.";
pub(super) const EVENTS_COVERED: &str = "Events covered";
pub(super) const ROOT: &str = "Root";
pub(super) const SIGNED: &str = "Signed";
pub(super) const PUBLIC_KEY: &str = "Public key";
pub(super) const WAITING_EVENTS: &str = "Events that wait for their places";
pub(super) const NO_CHECKPOINT: &str = "Nothing has been signed yet.";
pub(super) const SIGN_NOW: &str = "Sign a fresh checkpoint";
pub(super) const LAST_CHECKPOINTS: &str = "Last checkpoints";
pub(super) const LOG_BROKEN: &str = "Nothing was signed: the log does not continue what was signed before. Its history was changed.";
pub(super) const EXPORT: &str = "Export";
pub(super) const EXPORT_TEXT: &str = "The whole log as a file. NDJSON is the one that can be verified; CSV is for spreadsheets, OCSF for \
     security tools.";
pub(super) const VERIFY: &str = "Verify";
pub(super) const VERIFY_TEXT: &str = "Download the NDJSON export and the checkpoint, and check them on any machine, without a network:";
pub(super) const DOWNLOAD_CHECKPOINT: &str = "Latest checkpoint";

pub(super) const READS: &str = "Recent reads";
pub(super) const READS_TEXT: &str = "Who looked at this history. This view is recorded, too.";
pub(super) const NO_READS: &str = "Nobody has looked yet.";
pub(super) const WHO: &str = "Who";
pub(super) const ANSWER: &str = "Answer";

pub(super) const NOW: &str = "Now";
pub(super) const AS_OF: &str = "At another time";
pub(super) const AS_OF_TEXT: &str = "What was live, and what the user could do, at one moment.";
pub(super) const MOMENT: &str = "Date and time, in UTC";
pub(super) const NO_MOMENT: &str = "Enter a date and a time, like 2026-05-03T14:05.";
pub(super) const NOT_YET: &str = "This moment has not come yet.";
pub(super) const NOT_KNOWN_THEN: &str = "The user was not known yet.";
pub(super) const NO_TOKEN_WORKED: &str = "No token of this user was live.";
pub(super) const TOKEN_WORKED: &str = "A request with this token was let in.";
pub(super) const TOKEN_WAS_REFUSED: &str =
    "A request with this token was refused, because the user was locked.";
pub(super) const USER: &str = "User";
pub(super) const ACCESS: &str = "Access";
pub(super) const NO_ACCESS: &str = "Member of no open account";
pub(super) const LINEAGE: &str = "Tokens, one after the other";
pub(super) const NO_LINEAGE: &str = "This user never had a token.";
