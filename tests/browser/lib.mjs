// What the stories share: a watched browser, the people in it, and how pages are judged.
//
// A story gets a server that nobody has set up, opens browser contexts, and ends with an exit status.
// Every context is watched: a page may load scripts, styles and images from /assets/ only, must not ask
// any other host for anything, and must neither break the security policy nor throw.

import assert from "node:assert/strict";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { chromium } from "playwright-core";

export const server = process.env.SERVER;
export const setupLink = process.env.SETUP_LINK;
export const SETTINGS = "/user/settings/api-tokens";
export const PASSWORD = "correct horse battery staple";

const CHROMIUM = "/usr/bin/chromium";
const PATIENCE_MS = 30_000;
const STORY_MS = 300_000;

const LAUNCH = {
  executablePath: CHROMIUM,
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
  // Playwright turns the back-forward cache off; people have it on.
  ignoreDefaultArgs: ["--disable-back-forward-cache"],
};

const name = process.argv[1].match(/([^/]+)\.mjs$/)[1];
const contexts = [];
const complaints = [];

/** Says what is being done, so that a failure can be placed. */
export const step = (text) => console.log(`${(process.uptime()).toFixed(1)} s  ${text}`);

/** Plays a story in a browser, of its own unless it starts another, and ends the process with its outcome. */
export async function tell(story, start = () => chromium.launch(LAUNCH)) {
  process.stdin.on("end", () => process.exit(1)).resume();
  setTimeout(() => { console.error("the story takes too long"); process.exit(1); }, STORY_MS);
  if (!existsSync(CHROMIUM)) throw new Error(`no ${CHROMIUM}. These tests need it: apt-get install chromium`);
  let browser;
  try {
    browser = await start();
    await story(browser);
    assert.deepEqual(complaints, []);
  } catch (error) {
    console.error(error);
    for (const complaint of complaints) console.error(complaint);
    await showFailure();
    process.exitCode = 1;
  } finally {
    await browser?.close();
    process.exit();
  }
}

async function showFailure() {
  const pages = contexts.flatMap((context) => context.pages());
  for (const [number, page] of pages.entries()) {
    console.error(`page ${number} is at ${page.url()}`);
    await screenshot(page, `failed-${number}`).catch(() => {});
  }
}

/** A browser context of one person: cookies of its own, and watched. */
export async function open(browser, options = {}) {
  return watch(await browser.newContext({ viewport: { width: 900, height: 900 }, ...options }));
}

/** A context whose profile is in this directory, as that of a person is. */
export const openProfile = async (directory, options) =>
  watch(await chromium.launchPersistentContext(directory, { ...LAUNCH, ...options }));

/** Watches everything that happens in this context. */
export function watch(context) {
  contexts.push(context);
  context.setDefaultTimeout(PATIENCE_MS);
  context.on("console", (message) => {
    if (/security policy|refused to/i.test(message.text())) complaints.push(message.text());
  });
  context.on("weberror", (error) => complaints.push(String(error.error().stack)));
  context.on("request", (request) => {
    const [url, kind] = [request.url(), request.resourceType()];
    const asset = ["script", "stylesheet", "image", "font", "media"].includes(kind);
    if (!url.startsWith(`${server}/${asset ? "assets/" : ""}`)) complaints.push(`${kind} from ${url}`);
  });
  return context;
}

/** What the watch found so far, for stories that provoke it. */
export const takeComplaints = () => complaints.splice(0);

/** Lets pages read and write the clipboard. */
export const allowClipboard = (context) =>
  context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server });

export const clipboard = (page) => page.evaluate(() => navigator.clipboard.readText());

/** Keeps a picture of the whole page, or of what a dialog leaves of it. */
export async function screenshot(page, state) {
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  const fullPage = !state.includes("dialog");
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${state}.png`), fullPage });
}

/** Tries again until `check` holds, and returns what it returns. */
export async function eventually(check, patience = PATIENCE_MS) {
  for (const end = Date.now() + patience; ;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await pause(25);
    }
  }
}

/** Waits until the element reads exactly like this. */
export const reads = (locator, text) =>
  eventually(async () => assert.equal((await locator.innerText({ timeout: 5_000 })).trim(), text));

/** Waits until the browser is at this path, whatever the query. */
export const arrives = (page, path) =>
  eventually(() => {
    const url = new URL(page.url());
    assert.equal(url.origin + url.pathname, server + path);
  });

/** The token card of a page. */
export function card(page) {
  const dialog = (id) => {
    const box = page.locator(`#${id}-dialog`);
    return { box, cancel: box.locator("[data-test-cancel]"), confirm: box.locator("[data-test-confirm]") };
  };
  const find = (hook) => page.locator(`[data-test-${hook}]`);
  return {
    ...Object.fromEntries(
      ["status", "alert", "field", "copy", "meta", "command", "generate", "regenerate", "delete"]
        .map((hook) => [hook, find(hook)]),
    ),
    why: page.locator("#copy-why"),
    sure: dialog("regenerate"),
    deleteSure: dialog("delete"),
  };
}

/** Does `action` on the page and returns the token that the server's answer holds. */
export async function minted(page, action) {
  const isAnswer = (response) =>
    response.request().method() === "POST" && response.url().startsWith(`${server}/v1/user/api-token`);
  const [token] = await Promise.all([
    page.waitForResponse(isAnswer).then(async (response) => (await response.json()).token),
    action(),
  ]);
  return token;
}

/** Generates a token by the button. A tab in the background would draw one picture a second. */
export async function generate(page) {
  await page.bringToFront();
  const token = await minted(page, () => card(page).generate.click());
  await reads(card(page).status, "API token created successfully.");
  return token;
}

/** Regenerates the token by button and dialog. */
export async function regenerate(page) {
  await page.bringToFront();
  await card(page).regenerate.click();
  const token = await minted(page, () => card(page).sure.confirm.click());
  await reads(card(page).status, "API token regenerated successfully.");
  return token;
}

/** The part of a token that must not be seen: without the prefix that all share and without the hint. */
export const secretPart = (token) => token.slice(token.lastIndexOf("_") + 1, -4);

// The people, by the API, for stories that are about something else.

async function posted(context, path, data, status) {
  const answer = await context.request.post(server + path, { data });
  assert.equal(answer.status(), status, await answer.text());
  return answer.json();
}

/** The first user, administrator, signed in in this context. */
export const claim = (context, email = "ada@example.test", name = "Ada Lovelace") =>
  posted(context, "/v1/setup", {
    code: setupLink.split("code=")[1], email, name, password: PASSWORD, account: "Analytical Engines",
  }, 201);

/** Someone else, invited by the first and signed in in a context of their own. */
export async function admit(admin, context, email, person = "Grace Hopper") {
  const { id, setupCode } = await posted(admin, "/v1/admin/users", { email, name: person, roles: [] }, 201);
  await posted(context, "/v1/setup", { code: setupCode, password: PASSWORD }, 201);
  return id;
}

/** The history of whoever is signed in in this context, newest first. */
export async function history(context) {
  const answer = await context.request.get(`${server}/v1/user/api-token/history?limit=100`);
  assert.equal(answer.status(), 200, await answer.text());
  return (await answer.json()).data;
}

/** Asks the API with a token, as an integration does. */
export async function ask(token, path = "/v1/token", headers = {}) {
  const answer = await fetch(server + path, { headers: { authorization: `Bearer ${token}`, ...headers } });
  return { status: answer.status, body: await answer.json() };
}

/** Expects that the token is good. */
export const assertLive = async (token) => assert.equal((await ask(token)).status, 200);

/** Expects that the token is dead, in the product's words. */
export const assertDead = async (token) =>
  assert.deepEqual(await ask(token), { status: 401, body: { error: "Unauthorized", message: "Invalid API token" } });
