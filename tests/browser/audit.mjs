// The walk of an auditor: from signing in to the picture, the list, the history of a user, what was so at a
// moment, whose a dead token was, and the export. Every page on the way is judged, and what is pasted is looked
// for in everything that leaves the browser.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  PASSWORD, admit, allowClipboard, arrives, claim, eventually, open, reads, secretPart, server, step, tell,
} from "./lib.mjs";
import { judge } from "./judge.mjs";

const AUDREY = "audrey@example.test";
const GRACE = "grace.brewster.murray.hopper@a-rather-long-host-name.example.test";

await tell(async (browser) => {
  const ada = await open(browser);
  const { accountId } = await claim(ada);
  const grace = await open(browser);
  const graceId = await admit(ada, grace, GRACE);
  const member = `${server}/v1/admin/accounts/${accountId}/members/${graceId}`;
  assert.ok((await ada.request.put(member, { data: { role: "member" } })).ok());
  const audrey = await invite(browser, ada);
  const page = await audrey.newPage();
  await signIn(page);
  await nothingYet(page);
  const tokens = await liveThrough(ada, grace, graceId);
  await lookAtThePicture(page);
  await filter(page, graceId);
  await readTheHistory(page, graceId);
  await askWhatWasSo(page, graceId);
  await identify(audrey, page, tokens);
  await exportTheLog(page);
  await readWhoRead(page);
  await byKeyboard(page);
  await withoutASecureContext(audrey);
  await withoutScript(browser, audrey, tokens);
  await afterErasure(ada, page, graceId);
  await beRefused(ada);
});

async function press(page, name, scope = page) {
  await Promise.all([page.waitForEvent("load"), scope.getByRole("button", { name, exact: true }).click()]);
}

function region(page, name) {
  return page.getByRole("region", { name, exact: true });
}

async function invite(browser, ada) {
  const data = { email: AUDREY, name: "Audrey", roles: ["auditor"] };
  const { setupCode: code } = await (await ada.request.post(`${server}/v1/admin/users`, { data })).json();
  const context = await open(browser);
  const answer = await context.request.post(`${server}/v1/setup`, { data: { code, password: PASSWORD } });
  assert.equal(answer.status(), 201);
  await context.request.delete(`${server}/v1/session`);
  return context;
}

async function signIn(page) {
  step("Audrey signs in and finds her page");
  await page.goto(`${server}/audit`);
  await arrives(page, "/sign-in");
  await page.getByLabel("E-mail").fill(AUDREY);
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
  await arrives(page, "/audit");
  await page.goto(`${server}/accounts`);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Audit" }).click();
  await arrives(page, "/audit");
}

async function nothingYet(page) {
  await page.getByText("Nothing happened to tokens in these days.").waitFor();
  await judge(page, "nothing-yet");
}

/** Grace's three tokens: the first replaced, the second killed with itself, the third live. */
async function liveThrough(ada, grace, graceId) {
  step("Grace makes tokens and loses them");
  const made = async (path) => (await (await grace.request.post(`${server}/v1/user/api-token${path}`)).json()).token;
  const first = await made("");
  const second = await made("/regenerate");
  await fetch(`${server}/v1/token`, { headers: { authorization: `Bearer ${second}` } });
  await fetch(`${server}/v1/token`, { method: "DELETE", headers: { authorization: `Bearer ${second}` } });
  await fetch(`${server}/v1/token`, { headers: { authorization: `Bearer ${first}` } });
  const third = await made("");
  assert.ok(first && second && third && graceId);
  await ada.request.post(`${server}/v1/user/api-token`);
  return { first, second, third };
}

async function lookAtThePicture(page) {
  step("The picture: what happened, and where its parts lead");
  await page.goto(`${server}/audit`);
  const legend = async () =>
    assert.equal((await page.locator("[data-test-legend]").innerText()).replace(/\s+/g, " ").trim(), "Issued 3 Rotated 1 Revoked 1");
  await legend();
  assert.equal(await page.locator("svg.picture a").count(), 3);
  await page.getByText("The same as a table").click();
  await judge(page, "overview");
  for (const days of ["7 days", "30 days", "365 days"]) {
    await page.getByRole("navigation", { name: "How far back" }).getByRole("link", { name: days }).click();
    await page.locator(`[aria-current="true"]`).filter({ hasText: days }).waitFor();
    await legend();
  }
  await judge(page, "overview-year");
  await page.locator("svg.picture a rect.rotated").click();
  await arrives(page, "/audit/tokens");
  assert.equal(await page.locator("[data-test-token]").count(), 1);
  await page.locator("[data-test-token]").getByText("Replaced by token 2").waitFor();
}

async function filter(page, graceId) {
  step("She looks for Grace's tokens by her address, which no address of a page has");
  await page.goto(`${server}/audit`);
  await page.getByLabel("User, by e-mail or id").fill(GRACE);
  await press(page, "Show", region(page, "Find tokens"));
  await arrives(page, "/audit/tokens");
  assert.equal(new URL(page.url()).search, `?user=${graceId}`);
  assert.equal(await page.locator("[data-test-token]").count(), 3);
  await judge(page, "tokens");
  await page.getByLabel("State").selectOption({ label: "Revoked" });
  await press(page, "Show");
  assert.equal(await page.locator("[data-test-token]").count(), 1);
  await page.getByLabel("User, by e-mail or id").fill("nobody@example.test");
  await press(page, "Show");
  await reads(page.getByRole("alert"), "No user has this e-mail address or id.");
  await judge(page, "tokens-error");
}

async function readTheHistory(page, graceId) {
  step("The history of one user");
  await page.goto(`${server}/audit/tokens`);
  await page.getByRole("link", { name: GRACE }).first().click();
  await arrives(page, `/audit/users/${graceId}`);
  const generations = page.locator("[data-test-generation]");
  assert.deepEqual(await generations.evaluateAll((all) => all.map((it) => it.dataset.testGeneration)), ["3", "2", "1"]);
  await generations.nth(1).getByText("Revoked: killed with the token itself, by its owner with a token").waitFor();
  await eventually(async () => {
    await page.reload();
    assert.match(await generations.nth(2).innerText(), /First refused afterwards\s+\d{1,2} /);
  });
  await judge(page, "user");
}

async function askWhatWasSo(page, graceId) {
  step("What was so when the first token was issued, and long before");
  const first = page.locator("[data-test-generation='1']").getByRole("link").first();
  await first.click();
  await arrives(page, `/audit/users/${graceId}`);
  const then = page.locator("[data-test-then]");
  await then.getByText("Requests with this token were let in.").waitFor();
  await then.getByText("Analytical Engines").waitFor();
  await judge(page, "as-of");
  await page.getByLabel("Date and time, in UTC").fill("2020-05-03T14:05:09");
  await press(page, "Show");
  await then.getByText("3 May 2020, 14:05:09 UTC").waitFor();
  await then.getByText("The user was not known yet.").waitFor();
}

// Everything that leaves the browser from here on.
function listen(context) {
  const sent = [];
  context.on("request", async (request) => {
    sent.push({ url: request.url(), body: request.postData(), headers: JSON.stringify(await request.allHeaders()) });
  });
  return sent;
}

async function identify(context, page, { first, second, third }) {
  step("She pastes dead tokens and a live one, and nothing of them leaves the page");
  await allowClipboard(context);
  await page.goto(`${server}/audit`);
  const sent = listen(context);
  const field = page.getByLabel("Paste the token");
  const answer = page.locator("[data-test-answer]");
  assert.equal(await field.getAttribute("name"), null);
  assert.equal(await field.evaluate((it) => it.form), null);

  await page.evaluate((text) => navigator.clipboard.writeText(` ${text}\n`), second);
  await field.focus();
  await page.keyboard.press("Control+V");
  await answer.getByText(`Token 2 …${second.slice(-4)}`).waitFor();
  assert.match(await answer.innerText(), /Revoked \d{1,2} \w+ \d{4}, \d\d:\d\d:\d\d UTC: killed with the token itself/);
  assert.equal(await field.inputValue(), "");
  await judge(page, "identified");

  await field.fill(first);
  await page.keyboard.press("Enter");
  await answer.getByText("Replaced ").waitFor();
  await field.fill(third);
  await page.getByRole("button", { name: "Identify", exact: true }).click();
  await answer.getByText("Live since ").waitFor();
  assert.equal(await field.inputValue(), "");
  const known = await page.evaluate(() => document.documentElement.outerHTML + JSON.stringify(history.state));
  for (const token of [first, second, third]) assert.ok(!known.includes(secretPart(token)), "it is in the page");

  await field.fill("alta_pat_0000000000000000000000000000000000000000");
  await page.keyboard.press("Enter");
  await reads(answer, "This token was never issued here.");
  await page.keyboard.press("Enter");
  await reads(answer, "There is nothing to look for.");

  const asked = sent.filter(({ url }) => url === `${server}/v1/audit/identify`);
  assert.equal(asked.length, 4);
  for (const { body } of asked) {
    const said = JSON.parse(body);
    assert.deepEqual(Object.keys(said), ["digest"]);
    assert.match(said.digest, /^[0-9a-f]{64}$/);
  }
  await page.reload();
  for (const token of [first, second, third]) {
    const found = sent.filter((request) => JSON.stringify(request).includes(secretPart(token)));
    assert.deepEqual(found, [], "the token left the browser");
  }
  assert.ok(sent.length > asked.length, "it was listened to the reload, too");
}

async function exportTheLog(page) {
  step("She signs a checkpoint and takes the log home");
  await press(page, "Sign a fresh checkpoint");
  const covered = Number(await page.locator("[data-test-covered]").innerText());
  const download = async (name) => {
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name, exact: true }).click()]);
    return { name: file.suggestedFilename(), text: readFileSync(await file.path(), "utf8") };
  };
  const { name, text } = await download("NDJSON");
  const lines = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(lines.map(({ position }) => position), Array.from({ length: covered }, (_, index) => index + 1));
  assert.match(await page.locator("[data-test-verify]").innerText(), new RegExp(` ${name.replaceAll(".", "\\.")} `));
  assert.match((await download("CSV")).text, /^\W?position,|^"?position/i);
  assert.equal((await download("OCSF")).text.trimEnd().split("\n").length, covered);
  const note = await download("Latest checkpoint");
  assert.equal(note.name, "checkpoint.txt");
  assert.equal(note.text.split("\n")[1], String(covered));
}

async function readWhoRead(page) {
  step("Her own looks are in the list of reads");
  await page.goto(`${server}/audit`);
  const panel = region(page, "Recent reads");
  await panel.getByText("GET /v1/audit/export").first().waitFor();
  await panel.getByText("format=csv").waitFor();
  assert.equal(await panel.getByRole("row").count(), 1 + 10);
  await panel.getByRole("link", { name: "Older reads" }).click();
  await panel.getByRole("link", { name: "Newer reads" }).waitFor();
  await panel.getByText("POST /audit/tokens").first().waitFor();
  assert.ok(!(await panel.innerText()).includes(GRACE));
}

async function byKeyboard(page) {
  step("By keyboard: the table of the picture leads to the tokens");
  await page.goto(`${server}/audit`);
  await page.getByText("The same as a table").focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "1");
  await page.keyboard.press("Enter");
  await arrives(page, "/audit/tokens");
  assert.equal(await page.locator("[data-test-token]").count(), 1);
}

async function withoutASecureContext(context) {
  step("Where the browser does not compute SHA-256, the page says so");
  const page = await context.newPage();
  await page.addInitScript(() => Object.defineProperty(globalThis, "isSecureContext", { value: false }));
  await page.goto(`${server}/audit`);
  await page.getByText("this page must be opened by https").waitFor();
  assert.equal(await page.getByLabel("Paste the token").isVisible(), false);
  await judge(page, "not-secure");
  await page.close();
}

async function withoutScript(browser, context, { first }) {
  step("Without a script: the last four characters");
  const plain = await open(browser, { javaScriptEnabled: false, storageState: await context.storageState() });
  const page = await plain.newPage();
  await page.goto(`${server}/audit`);
  assert.equal(await page.getByLabel("Paste the token").isVisible(), false);
  await page.getByText("Without JavaScript a token can be found").waitFor();
  await page.getByLabel("Or its last four characters").fill(first.slice(-4));
  await press(page, "Find");
  await arrives(page, "/audit/identify");
  await page.getByRole("heading", { name: `Tokens that end in ${first.slice(-4)}` }).waitFor();
  await page.locator("[data-test-token]").getByText("Replaced by token 2").waitFor();
  await press(page, "Show");
  await arrives(page, "/audit/tokens");
  assert.equal(await page.locator("[data-test-token]").count(), 4);
}

async function afterErasure(ada, page, graceId) {
  step("Grace is locked, and forgotten: her history stays, her address goes");
  const user = `${server}/v1/admin/users/${graceId}`;
  assert.ok((await ada.request.put(`${user}/lock`)).ok());
  await page.goto(`${server}/audit/users/${graceId}`);
  await page.locator("[data-test-now]").getByText("locked", { exact: true }).waitFor();
  await judge(page, "user-locked");
  assert.ok((await ada.request.delete(`${user}/personal-data`)).ok());
  await page.reload();
  await reads(page.getByRole("heading", { level: 1 }), "Erased user");
  assert.equal(await page.locator("[data-test-generation]").count(), 3);
  await judge(page, "user-erased");
  await page.goto(`${server}/audit/tokens`);
  assert.equal(await page.getByRole("link", { name: "Erased user" }).count(), 3);
  assert.ok(!(await page.content()).includes(GRACE));
}

async function beRefused(ada) {
  step("Ada is no auditor");
  const page = await ada.newPage();
  await page.goto(`${server}/audit`);
  await reads(page.getByRole("heading", { level: 1 }), "You may not do that");
  await page.goto(`${server}/admin`);
  assert.equal(await page.getByRole("link", { name: "Audit", exact: true }).count(), 0);
}
