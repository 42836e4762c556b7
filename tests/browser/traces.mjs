// Ada makes tokens in every way, copies them, and leaves. Then whatever the browser kept is searched for
// them: the page, its storage, a recording of the traffic, and the profile on disk.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  SETTINGS, allowClipboard, arrives, assertLive, card, claim, clipboard, eventually, generate, openProfile, reads,
  regenerate, screenshot, secretPart, server, step, tell,
} from "./lib.mjs";

const HOME = process.env.HOME;
const PROFILE = join(HOME, "profile");
const HAR = join(HOME, "recorded.har");

await tell(async () => {
  const context = await openProfile(PROFILE, { recordHar: { path: HAR, content: "embed", mode: "full" } });
  await claim(context);
  const page = await context.newPage();
  await page.goto(server + SETTINGS);

  const tokens = [];
  tokens.push(await copyByHand(page));
  tokens.push(await copyToClipboard(context, page));
  tokens.push(await copyFromThePage(page));
  await assertLive(tokens.at(-1));

  step("What the page keeps");
  assert.deepEqual(found(tokens, await kept(page)), []);
  step("What the profile holds while the browser runs");
  assert.deepEqual(searchFiles(tokens, PROFILE), []);
  await context.close();
  step("What the profile holds afterwards");
  assert.deepEqual(searchFiles(tokens, HOME), []);
  assert.ok(searchFiles([server], PROFILE).length > 0, "the search should find what a profile does hold");
  step("What a recording of the traffic holds");
  judgeRecording(tokens);
}, async () => null);

// Where the browser refuses, the token is in the field for as long as the field has the focus.
async function copyByHand(page) {
  step("The clipboard is refused: she copies by hand and leaves with the token in the field");
  const client = await page.context().newCDPSession(page);
  const permission = { name: "clipboard-write" };
  await client.send("Browser.setPermission", { origin: server, permission, setting: "denied" });
  const token = await generate(page);
  const { copy, field, why } = card(page);
  await copy.click();
  await reads(why, "Your browser does not allow copying. Press Ctrl+C.");
  const selected = () => field.evaluate((input) => input.value.slice(input.selectionStart, input.selectionEnd));
  assert.equal(await selected(), token);
  await page.keyboard.press("Tab");
  assert.equal(await field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  await page.getByRole("button", { name: "Copy command" }).click();
  await eventually(async () => assert.equal(await selected(), token));
  await screenshot(page, "copy-by-hand");

  await page.getByRole("link", { name: "Administration" }).click();
  await arrives(page, "/admin");
  await page.goto(server + SETTINGS);
  assert.equal(await field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  return token;
}

async function copyToClipboard(context, page) {
  step("She copies token and command, and reloads");
  await allowClipboard(context);
  const token = await regenerate(page);
  await card(page).copy.click();
  await reads(card(page).copy, "Copied");
  assert.equal(await clipboard(page), token);
  await page.getByRole("button", { name: "Copy command" }).click();
  await eventually(async () => assert.match(await clipboard(page), /^curl /));
  await page.evaluate(() => navigator.clipboard.writeText("something else"));
  await page.reload();
  return token;
}

async function copyFromThePage(page) {
  step("She uses the page for those without JavaScript");
  await page.goto(`${server}${SETTINGS}/regenerate`);
  await page.getByRole("button", { name: "Regenerate Token" }).click();
  const token = await page.locator("[data-test-token]").innerText();
  await page.getByRole("link", { name: "Done" }).click();
  await arrives(page, SETTINGS);
  return token;
}

// Everything that a script of the page could read.
async function kept(page) {
  const client = await page.context().newCDPSession(page);
  const visited = await client.send("Page.getNavigationHistory");
  const state = await page.evaluate(async () => ({
    document: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll("input, textarea, select")].map((field) => field.value),
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: await indexedDB.databases(),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
    cookies: document.cookie,
    history: [history.state, window.name, location.href, document.referrer],
    loaded: performance.getEntries().map((entry) => entry.toJSON()),
  }));
  const { local, session, databases, caches, workers, cookies } = state;
  assert.deepEqual([local, session, databases, caches, workers, cookies], [{}, {}, [], [], 0, ""]);
  return Buffer.from(JSON.stringify([visited, state]));
}

// Which of these texts occur in the bytes. Browsers also write UTF-16.
function found(texts, bytes) {
  return texts.filter((text) => {
    const part = text === server ? text : secretPart(text);
    return ["latin1", "utf16le"].some((encoding) => bytes.includes(Buffer.from(part, encoding)));
  });
}

function searchFiles(texts, directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter((path) => path !== HAR)
    .flatMap((path) => found(texts, contents(path)).map((text) => `${text} in ${path}`));
}

function contents(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    // A running browser tidies up.
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

function judgeRecording(tokens) {
  const { log: { entries } } = JSON.parse(readFileSync(HAR, "utf8"));
  for (const token of tokens) {
    const holding = entries.filter((entry) => found([token], text(entry)).length > 0);
    assert.deepEqual(holding.map(({ request }) => request.method), ["POST"], "answers that hold the token");
    const [{ response }] = holding;
    response.content.text = "";
    assert.deepEqual(found([token], text(holding[0])), [], "the token is not only in the body of the answer");
  }
}

function text(entry) {
  const { content } = entry.response;
  const body = content.encoding === "base64" ? Buffer.from(content.text, "base64") : "";
  return Buffer.concat([Buffer.from(JSON.stringify(entry)), Buffer.from(body)]);
}
