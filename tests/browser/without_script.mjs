// With JavaScript off, every button is a form and the token is shown once, on a page that nothing keeps.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, arrives, ask, assertDead, assertLive, card, eventually, history, open, reads, screenshot, secretPart, server,
  setupLink, step, tell,
} from "./lib.mjs";

const CHANGED =
  "Your token has changed since this page was opened, perhaps in another tab. Nothing was done here.";

await tell(async (browser) => {
  const context = await open(browser, { javaScriptEnabled: false });
  const page = await context.newPage();
  await setUp(page);
  const first = await generateOnce(context, page);
  await declineToRegenerate(page, first);
  const second = await regenerateOnce(context, page, first);
  await submitAStalePage(context, page, second);
  await deleteIt(page);
  await readOldHistory(context, page);
  await submitAfterTheSessionEnded(context, page);
  await signOutEverywhere(browser, page);
});

async function press(page, name) {
  await page.getByRole("button", { name, exact: true }).click();
}

async function signIn(page) {
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
}

async function setUp(page) {
  step("Ada sets up, signs out and in");
  await page.goto(setupLink);
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
  await page.getByLabel("Name of the first account").fill("Analytical Engines");
  await page.getByLabel("Password (12 characters or more)").fill(PASSWORD);
  await press(page, "Continue");
  await arrives(page, SETTINGS);
  await press(page, "Sign out");
  await arrives(page, "/sign-in");
  await signIn(page);
  await arrives(page, SETTINGS);
  await screenshot(page, "1-empty");
}

// Presses the button that shows a token, and judges the page that shows it.
async function shown(page, button, message) {
  const [answer] = await Promise.all([
    page.waitForResponse((response) => response.request().method() === "POST"),
    press(page, button),
  ]);
  assert.equal(answer.status(), 200);
  assert.equal((await answer.allHeaders())["cache-control"], "no-store");
  await reads(page.getByRole("status"), message);
  assert.equal(await page.getByText("It is shown on this page only.").count(), 1);
  const token = await page.locator("[data-test-token]").innerText();
  const { status, body } = await ask(token);
  assert.deepEqual([status, body.user.name], [200, "Ada Lovelace"]);
  return token;
}

// Sends the form again, as a reload does after the browser's question.
async function submitAgain(page) {
  const answer = await page.reload();
  assert.equal(answer.request().method(), "POST");
  assert.equal(answer.status(), 412);
  await reads(page.getByRole("heading", { level: 1 }), "This was changed in the meantime");
  await reads(page.getByText(CHANGED), CHANGED);
}

async function generateOnce(context, page) {
  step("She generates a token; sending the form again changes nothing");
  const token = await shown(page, "Generate token", "API token created successfully.");
  await screenshot(page, "2-shown");
  await submitAgain(page);
  await screenshot(page, "3-changed");
  await assertLive(token);
  assert.equal((await history(context)).length, 1);
  await page.getByRole("link", { name: "Back to the start" }).click();
  await arrives(page, SETTINGS);
  await goBackInVain(page);
  await page.goto(server + SETTINGS);
  assert.ok(!(await page.content()).includes(secretPart(token)));
  assert.equal(await card(page).field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  assert.equal(await card(page).copy.isDisabled(), true);
  await reads(card(page).why, "The full token is shown only right after it is generated.");
  assert.equal(await card(page).generate.isVisible(), false);
  await screenshot(page, "4-later");
  return token;
}

// The browser would have to send the form again, and asks before it does.
async function goBackInVain(page) {
  const client = await page.context().newCDPSession(page);
  const { currentIndex, entries } = await client.send("Page.getNavigationHistory");
  const entryId = entries[currentIndex - 1].id;
  await client.send("Page.navigateToHistoryEntry", { entryId }).catch(() => {});
  await eventually(async () => assert.match(page.url(), /^chrome-error:/));
}

async function declineToRegenerate(page, token) {
  step("She is asked whether she is sure, and is not");
  await press(page, "Regenerate token");
  await reads(page.getByRole("heading", { level: 1 }), "Are you Sure?");
  const text = "Regenerating will invalidate your current token and you'll need to update any existing integrations " +
    "that use it. This action cannot be undone.";
  await reads(page.getByText("Regenerating will"), text);
  await screenshot(page, "5-sure");
  await press(page, "Cancel");
  await arrives(page, SETTINGS);
  await assertLive(token);
}

async function regenerateOnce(context, page, old) {
  step("She regenerates it; sending the form again changes nothing");
  await press(page, "Regenerate token");
  const token = await shown(page, "Regenerate Token", "API token regenerated successfully.");
  await assertDead(old);
  await submitAgain(page);
  await assertLive(token);
  assert.equal((await history(context)).length, 2);
  return token;
}

async function submitAStalePage(context, page, token) {
  step("A page of an older state neither regenerates nor deletes nor generates");
  for (const [path, button] of [["/regenerate", "Regenerate Token"], ["/delete", "Delete Token"]]) {
    await page.goto(server + SETTINGS + path);
    await page.locator("[name=tag]").evaluate((field) => { field.value = "1"; });
    await press(page, button);
    await reads(page.getByText(CHANGED), CHANGED);
  }
  await assertLive(token);
  assert.equal((await history(context)).length, 2);
}

async function deleteIt(page) {
  step("She deletes it");
  await page.goto(server + SETTINGS);
  await press(page, "Delete token");
  await reads(page.getByRole("heading", { level: 1 }), "Delete your token?");
  await screenshot(page, "6-delete");
  await press(page, "Delete Token");
  await arrives(page, SETTINGS);
  await card(page).generate.waitFor();
  await page.goto(`${server}${SETTINGS}/regenerate`);
  await arrives(page, SETTINGS);
}

async function readOldHistory(context, page) {
  step("She pages through her history");
  for (let count = 0; count < 9; count += 1) {
    assert.equal((await context.request.post(`${server}/v1/user/api-token`)).status(), 201);
  }
  await page.goto(server + SETTINGS);
  const lines = page.locator("[data-history] tbody tr");
  assert.equal(await lines.count(), 10);
  assert.match(await lines.first().innerText(),
    /^Token 11 regenerated \(….{4}\)\s+Never used\s+\d{1,2} \w+ \d{4}, \d\d:\d\d UTC\s+127\.0\.0\.1 · .*Chrom/);
  await page.getByRole("link", { name: "Older" }).click();
  await reads(lines.first(), await lines.first().innerText());
  const texts = await lines.allInnerTexts();
  assert.deepEqual(texts.map((text) => text.split(/ \(|\t/)[0]), [
    "Token 2 regenerated", "Token 1 generated",
  ]);
  await page.getByRole("link", { name: "Newer" }).click();
  assert.equal(await lines.count(), 10);
}

async function submitAfterTheSessionEnded(context, page) {
  step("Her session ends before she sends a form, which leads her back to the form's page");
  const before = (await history(context)).length;
  for (const [path, button] of [["/regenerate", "Regenerate Token"], ["/delete", "Delete Token"], ["", "Generate token"]]) {
    if (path === "") await context.request.delete(`${server}/v1/user/api-token`);
    await page.goto(server + SETTINGS + path);
    await context.clearCookies();
    await press(page, button);
    await arrives(page, "/sign-in");
    await signIn(page);
    await arrives(page, SETTINGS + path);
  }
  assert.equal((await history(context)).length, before + 1);
}

async function signOutEverywhere(browser, page) {
  step("She signs out everywhere");
  const elsewhere = await open(browser, { javaScriptEnabled: false });
  await elsewhere.request.post(`${server}/v1/session`, { data: { email: "ada@example.test", password: PASSWORD } });
  assert.ok(await history(elsewhere));
  await press(page, "Sign out everywhere");
  await arrives(page, "/sign-in");
  const answer = await elsewhere.request.get(`${server}/v1/user/api-token`);
  assert.equal(answer.status(), 401);
}
