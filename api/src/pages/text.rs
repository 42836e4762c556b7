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
