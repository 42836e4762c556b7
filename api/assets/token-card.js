// The token card. The full token is held in `secret` and nowhere else: not in the document, not in any
// storage. It is forgotten when the page is left.

const card = document.querySelector("[data-card]");
const find = (name) => card.querySelector(`[data-${name}]`);
const field = find("field");
const copy = find("copy");
const words = card.dataset;

let secret = null;
let busy = false;

const masked = (hint) => `${words.prefix}_••••••••${hint}`;

function forget() {
  const hint = secret?.slice(-4);
  secret = null;
  if (hint) field.value = masked(hint);
  copy.disabled = true;
  find("why").textContent = words.noCopy;
  find("try").hidden = true;
  find("command").textContent = "";
}

function say(text) {
  const line = document.createElement("p");
  line.textContent = text;
  find("status").replaceChildren(line);
  find("alert").hidden = true;
}

function warn(text, offerReload) {
  find("status").replaceChildren();
  find("alert-text").textContent = text;
  find("alert-link").parentElement.hidden = !offerReload;
  find("alert").hidden = false;
}

function command(token) {
  const account = find("account")?.value;
  const header = account ? ` -H "x-account-id: ${account}"` : "";
  return `curl -H "Authorization: Bearer ${token}"${header} ${words.url}${find("command").dataset.path}`;
}

function showCommand() {
  if (secret) find("command").textContent = command(masked(secret.slice(-4)));
}

function show(answer) {
  secret = answer.token;
  card.dataset.state = "live";
  card.dataset.generation = String(answer.generation);
  field.value = masked(answer.hint);
  copy.disabled = false;
  find("why").textContent = words.copyNow;
  find("meta").textContent = "Created just now · Never used";
  find("try").hidden = false;
  showCommand();
}

async function refreshHistory() {
  const page = await fetch(location.pathname, { headers: { accept: "text/html" } });
  if (!page.ok || page.redirected) return;
  const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
  document.querySelector("[data-history]").replaceWith(fresh.querySelector("[data-history]"));
}

function signInAgain() {
  location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
}

// One request at a time: a second click while one is under way does nothing. A button that became
// `disabled` would lose the focus.
function hold(on) {
  busy = on;
  for (const button of card.querySelectorAll("[data-generate] button, [data-open] button")) {
    button.setAttribute("aria-disabled", String(on));
    button.setAttribute("aria-busy", String(on));
  }
}

async function act(method, path, precondition, done) {
  if (busy) return;
  hold(true);
  let answer;
  let body;
  try {
    answer = await fetch(`/v1/user/api-token${path}`, { method, headers: precondition, cache: "no-store" });
    body = answer.status === 204 ? null : await answer.json();
  } catch {
    // The request may have been carried out: only the server knows which token is live now.
    return warn(words.unknown, true);
  } finally {
    hold(false);
  }
  if (answer.status === 401) return signInAgain();
  if (answer.status === 412 || answer.status === 409) return warn(words.changed, true);
  if (!answer.ok) return warn(body.message ?? words.failed, answer.status === 503);
  done(body);
  refreshHistory().catch(() => {});
}

const seen = () => ({ "if-match": `"${card.dataset.generation}"` });

function generate() {
  return act("POST", "", { "if-none-match": "*" }, (answer) => {
    show(answer);
    say(words.created);
    copy.focus();
  });
}

function regenerate() {
  return act("POST", "/regenerate", seen(), (answer) => {
    show(answer);
    say(words.regenerated);
    copy.focus();
  });
}

function remove() {
  return act("DELETE", "", seen(), () => {
    forget();
    field.value = "";
    card.dataset.state = "none";
    card.dataset.generation += "-revoked";
    say(words.deleted);
    find("generate").querySelector("button").focus();
  });
}

async function toClipboard(text, fallback) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    fallback();
    return false;
  }
}

// Where the browser refuses to copy, the token is shown until the field loses the focus.
function copyByHand() {
  field.value = secret;
  field.focus();
  field.select();
  find("why").textContent = words.copyByHand;
  field.addEventListener("blur", () => { if (secret) field.value = masked(secret.slice(-4)); }, { once: true });
}

copy.addEventListener("click", async () => {
  if (!secret || !(await toClipboard(secret, copyByHand))) return;
  const label = find("copy-text");
  label.textContent = words.copied;
  copy.setAttribute("aria-label", words.copied);
  find("why").textContent = words.copied;
  setTimeout(() => {
    label.textContent = "";
    copy.setAttribute("aria-label", words.copyLabel);
    find("why").textContent = secret ? words.copyNow : words.noCopy;
  }, 2000);
});

find("copy-command").addEventListener("click", async (event) => {
  const button = event.currentTarget;
  if (!secret || !(await toClipboard(command(secret), copyByHand))) return;
  const text = button.textContent;
  button.textContent = words.copied;
  setTimeout(() => { button.textContent = text; }, 2000);
});

find("account")?.addEventListener("change", showCommand);

find("generate").addEventListener("submit", (event) => {
  event.preventDefault();
  generate();
});

for (const opener of card.querySelectorAll("[data-open]")) {
  opener.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    const dialog = document.getElementById(opener.dataset.open);
    dialog.querySelector("[data-meta-copy]").textContent = find("meta").textContent;
    dialog.returnValue = "cancel";
    dialog.showModal();
  });
}

const confirmed = { regenerate, delete: remove };
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "confirm") return;
    confirmed[dialog.querySelector("[data-confirm]").dataset.confirm]();
  });
}

// A page that comes back out of the back-forward cache may be old, of a session that has ended, or of
// another person's: it stays unseen until it is loaded again.
addEventListener("pagehide", (event) => {
  forget();
  find("status").replaceChildren();
  document.body.hidden = event.persisted;
});

addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
