// Recognises a token that is pasted. The text is turned into its SHA-256 at once and let go: it is not in the
// field, not in the document, not in any storage, and nothing but the digest is sent.
"use strict";

const box = document.querySelector("[data-identify]");
const find = (name) => box.querySelector(`[data-${name}]`);
const field = find("pasted");
const words = box.dataset;

let asked = 0;

async function digestOf(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function moment(iso) {
  const day = new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
  return `${day}, ${iso.slice(11, 19)} UTC`;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

function say(...parts) {
  find("answer").replaceChildren(...parts.map((part) => (typeof part === "string" ? element("p", part) : part)));
}

function standing(token) {
  if (token.status === "live") return `${words.live} ${words.since} ${moment(token.generatedAt)}`;
  const reason = token.reason && box.getAttribute(`data-reason-${token.reason}`);
  return `${words[token.status]} ${moment(token.invalidatedAt)}${reason ? `: ${reason}` : ""}`;
}

function tell(token) {
  const whose = token.user ?? words.erased;
  const what = element("p", "");
  what.append(element("strong", `${words.token} ${token.generation} …${token.hint}`), ` ${words.of} ${whose}`);
  const link = element("a", words.history);
  link.href = `/audit/users/${encodeURIComponent(token.userId)}#token-${token.generation}`;
  const line = element("p", "");
  line.append(link);
  say(what, standing(token), line);
}

async function answerTo(digest) {
  const answer = await fetch("/v1/audit/identify", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ digest }),
    cache: "no-store",
  });
  if (answer.status === 401) return say(words.signedOut);
  const body = await answer.json();
  if (!answer.ok) return say(body.message ?? words.failed);
  return body.data.length === 0 ? say(words.unknown) : tell(body.data[0]);
}

// Of two that are asked about, the later one is answered.
async function identify(text) {
  const turn = ++asked;
  const said = text.trim();
  if (said === "") return say(words.nothing);
  const digest = digestOf(said);
  say();
  try {
    const hash = await digest;
    if (turn === asked) await answerTo(hash);
  } catch {
    say(words.failed);
  }
}

function take() {
  const text = field.value;
  field.value = "";
  return identify(text);
}

find("without-script").hidden = true;
if (globalThis.isSecureContext && globalThis.crypto?.subtle) {
  find("paste").hidden = false;
  field.addEventListener("paste", (event) => {
    event.preventDefault();
    field.value = "";
    identify(event.clipboardData.getData("text/plain"));
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    take();
  });
  find("ask").addEventListener("click", take);
} else {
  find("insecure").hidden = false;
}

addEventListener("pagehide", () => {
  field.value = "";
  asked += 1;
  say();
});
