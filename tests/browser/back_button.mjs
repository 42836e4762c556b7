// The back-forward cache keeps whole pages in memory, script state included. It is on here, and used.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, admit, arrives, assertLive, card, claim, eventually, generate, history, open, reads, regenerate,
  secretPart, server, step, tell,
} from "./lib.mjs";

const NO_COPY = "The full token is shown only right after it is generated.";

await tell(async (browser) => {
  const context = await open(browser);
  const shown = await watchPages(context);
  await claim(context);
  const page = await context.newPage();
  await comeBack(page, shown);
  await comeBackSignedOut(context, page, shown);
  await comeBackAsAnother(browser, context, page, shown);
});

// What every page looked like at the moment it was shown, before its own script had a say.
async function watchPages(context) {
  const shown = [];
  await context.exposeBinding("pageWasShown", (_, page) => { shown.push(page); });
  await context.addInitScript(() => {
    addEventListener("pageshow", ({ persisted }) => window.pageWasShown({
      persisted,
      path: location.pathname,
      text: document.documentElement.outerHTML,
      fields: [...document.querySelectorAll("input")].map((input) => input.value),
      copyIsDisabled: document.querySelector("[data-copy]")?.disabled,
      isVisible: document.body.checkVisibility(),
    }));
  });
  return shown;
}

async function goBack(page, shown) {
  shown.length = 0;
  // Playwright's own `goBack` waits for a load, and nothing is loaded.
  await page.evaluate(() => { setTimeout(() => history.back()); });
  return eventually(() => {
    const restored = shown.find(({ persisted }) => persisted);
    assert.ok(restored, "the page did not come out of the back-forward cache");
    assert.equal(restored.path, SETTINGS);
    return restored;
  });
}

// All that the scripts of the page's process hold, pages in the back-forward cache included.
async function heap(page) {
  const client = await page.context().newCDPSession(page);
  const chunks = [];
  client.on("HeapProfiler.addHeapSnapshotChunk", ({ chunk }) => chunks.push(chunk));
  await client.send("HeapProfiler.collectGarbage");
  await client.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  await client.detach();
  return chunks.join("");
}

async function comeBack(page, shown) {
  step("Ada leaves the page that holds her token and comes back");
  await page.goto(server + SETTINGS);
  await generate(page);
  const token = await regenerate(page);
  const marker = "a-string-that-is-only-on-this-page";
  await page.evaluate((text) => { window.marker = text; }, marker);
  assert.ok((await heap(page)).includes(secretPart(token)), "the page should hold the token while it can be copied");

  await page.getByRole("link", { name: "Administration" }).click();
  await arrives(page, "/admin");
  const left = await heap(page);
  assert.ok(left.includes(marker), "the page that was left is not in this process");
  assert.ok(!left.includes(secretPart(token)), "a script still holds the token");

  const restored = await goBack(page, shown);
  assert.equal(restored.copyIsDisabled, true);
  assert.ok(!JSON.stringify(restored).includes(secretPart(token)));
  assert.equal(restored.isVisible, false, "the old page is visible before it is known to be true");

  const { copy, field, status, why } = card(page);
  await eventually(async () => assert.match(await card(page).meta.innerText(), /^Created \d/));
  assert.equal(await copy.isDisabled(), true);
  await reads(why, NO_COPY);
  await reads(status, "");
  assert.equal(await field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  assert.ok(!(await heap(page)).includes(secretPart(token)));
  await assertLive(token);
  assert.equal((await history(page.context())).length, 2);
}

async function comeBackSignedOut(context, page, shown) {
  step("She signs out in another tab and goes back in this one");
  await page.getByRole("link", { name: "Administration" }).click();
  await arrives(page, "/admin");
  const other = await context.newPage();
  await other.goto(server);
  await other.getByRole("button", { name: "Sign out", exact: true }).click();
  await arrives(other, "/sign-in");
  await other.close();

  const restored = await goBack(page, shown);
  assert.equal(restored.isVisible, false);
  await arrives(page, "/sign-in");
  assert.equal(await page.locator("[data-card]").count(), 0);
}

async function comeBackAsAnother(browser, context, page, shown) {
  step("Grace, whose token is of the same generation, goes back to Ada's page");
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await arrives(page, SETTINGS);
  const admin = await open(browser);
  await admin.request.post(`${server}/v1/session`, { data: { email: "ada@example.test", password: PASSWORD } });
  await page.getByRole("link", { name: "Administration" }).click();
  await arrives(page, "/admin");
  await admit(admin, context, "grace@example.test");
  await context.request.post(`${server}/v1/user/api-token`);
  await context.request.post(`${server}/v1/user/api-token/regenerate`);

  await goBack(page, shown);
  await reads(page.locator("[data-test-visitor]"), "Grace Hopper");
  const state = await (await context.request.get(`${server}/v1/user/api-token`)).json();
  assert.equal(await card(page).field.inputValue(), `alta_pat_••••••••${state.hint}`);
}
