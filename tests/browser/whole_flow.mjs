// From the set-up link to a regenerated token, in the words of the help article.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  PASSWORD, SETTINGS, allowClipboard, arrives, ask, assertDead, assertLive, card, clipboard, eventually, history,
  open, reads, screenshot, secretPart, server, setupLink, step, tell,
} from "./lib.mjs";

const SURE_TEXT =
  "Regenerating will invalidate your current token and you'll need to update any existing integrations that use it. " +
  "This action cannot be undone.";
const NO_COPY = "The full token is shown only right after it is generated.";

await tell(async (browser) => {
  const context = await open(browser);
  await allowClipboard(context);
  const page = await context.newPage();
  await setUp(page);
  await signOutAndIn(page);
  const first = await generateAndCopy(page);
  await runWithOneAccount(page, first);
  await comeBackLater(page, first);
  const second = await openSecondAccount(context);
  await page.reload();
  await declineToRegenerate(page, first);
  const fresh = await regenerateAndCopy(page, first);
  await runInChosenAccount(page, fresh, second);
  assert.deepEqual((await history(context)).map((event) => event.type), ["TokenRegenerated", "TokenGenerated"]);
});

async function setUp(page) {
  step("Ada follows the set-up link");
  await page.goto(setupLink);
  await screenshot(page, "1-setup");
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Name", { exact: true }).fill("Ada Lovelace");
  await page.getByLabel("Name of the first account").fill("Analytical Engines");
  await page.getByLabel("Password (12 characters or more)").fill(PASSWORD);
  await page.getByRole("button", { name: "Continue" }).click();
  await arrives(page, SETTINGS);
}

async function signOutAndIn(page) {
  step("She signs out and in, and goes to Settings → API tokens");
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await arrives(page, "/sign-in");
  await screenshot(page, "2-sign-in");
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
  await arrives(page, SETTINGS);
  const crumbs = page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("listitem");
  assert.deepEqual(await crumbs.allInnerTexts(), ["Settings", "API tokens"]);
  await reads(page.getByRole("heading", { level: 1 }), "API tokens");
  assert.equal(await page.getByRole("heading", { level: 2, name: "API token", exact: true }).count(), 1);
}

async function generateAndCopy(page) {
  step("She generates a token and copies it");
  const { generate, regenerate, status, field, copy, why } = card(page);
  assert.equal(await field.isVisible() || await regenerate.isVisible(), false);
  await screenshot(page, "3-empty");
  await reads(generate, "Generate token");
  await generate.click();
  await reads(status, "API token created successfully.");
  assert.equal(await status.getAttribute("role"), "status");
  await reads(why, "Copy it now and store it like a password. It is not shown again after you leave this page.");
  await screenshot(page, "4-created");
  assert.equal(await generate.isVisible(), false);
  return copied(page);
}

// The page shows a mask, the clipboard gets the token, and the API accepts it.
async function copied(page) {
  const { field, copy, why } = card(page);
  await page.getByRole("button", { name: "Copy API token" }).click();
  await page.getByRole("button", { name: "Copied", exact: true }).waitFor();
  await reads(copy, "Copied");
  await reads(why, "Copied");
  await screenshot(page, "5-copied");
  const token = await clipboard(page);
  assert.match(token, /^alta_pat_[0-9A-Za-z]{38}$/);
  assert.equal(await field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  assert.ok(!(await page.content()).includes(secretPart(token)), "the token is in the document");
  const { status, body } = await ask(token);
  assert.equal(status, 200);
  assert.equal(body.user.name, "Ada Lovelace");
  await page.getByRole("button", { name: "Copy API token" }).waitFor();
  return token;
}

async function runWithOneAccount(page, token) {
  step("With one account the command needs no account header");
  assert.equal(await page.getByLabel("Account to act in").count(), 0);
  const { line, answer } = await copyAndRunCommand(page);
  assert.equal(line, `curl -H "Authorization: Bearer ${token}" ${server}/v1/account`);
  assert.equal(answer.name, "Analytical Engines");
}

async function copyAndRunCommand(page) {
  const shown = await card(page).command.innerText();
  await page.getByRole("button", { name: "Copy command" }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const line = await clipboard(page);
  assert.match(shown, /Bearer alta_pat_•+\w{4}"/);
  assert.equal(shown.replace(/alta_pat_•+\w{4}/, ""), line.replace(/alta_pat_\w{38}/, ""));
  const said = execFileSync("/bin/sh", ["-c", `${line} --silent --show-error --write-out '\\n%{http_code}'`]);
  const [body, status] = said.toString().split("\n");
  assert.equal(status, "200", body);
  return { line, answer: JSON.parse(body) };
}

async function comeBackLater(page, token) {
  step("A later visit shows what the token is, but not the token");
  const { field, copy, meta, status, command, why } = card(page);
  await eventually(async () => {
    await page.reload();
    assert.match(
      await meta.innerText(),
      /^Created \d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC · Last used within the last two minutes$/,
    );
  });
  assert.equal(await field.inputValue(), `alta_pat_••••••••${token.slice(-4)}`);
  assert.equal(await copy.isDisabled(), true);
  await reads(why, NO_COPY);
  assert.equal(await copy.getAttribute("aria-describedby"), await why.getAttribute("id"));
  assert.equal(await status.innerText(), "");
  assert.equal(await command.isVisible(), false);
  await screenshot(page, "6-later");
}

async function openSecondAccount(context) {
  const account = await context.request.post(`${server}/v1/admin/accounts`, { data: { name: "Difference Engines" } });
  const { id } = await account.json();
  const users = await (await context.request.get(`${server}/v1/admin/users`)).json();
  const member = `${server}/v1/admin/accounts/${id}/members/${users.data[0].id}`;
  assert.equal((await context.request.put(member, { data: { role: "viewer" } })).status(), 204);
  return id;
}

async function declineToRegenerate(page, token) {
  step("She is asked whether she is sure, and is not");
  const { regenerate, sure } = card(page);
  const dialog = page.getByRole("alertdialog", { name: "Are you Sure?" });
  const isOpener = () => regenerate.evaluate((button) => button === document.activeElement);
  await reads(regenerate, "Regenerate token");
  for (const decline of [() => page.keyboard.press("Escape"), () => sure.cancel.click()]) {
    await regenerate.click();
    await dialog.waitFor();
    await reads(dialog.getByRole("heading"), "Are you Sure?");
    await reads(page.locator(`#${await dialog.getAttribute("aria-describedby")}`), SURE_TEXT);
    assert.deepEqual(await dialog.getByRole("button").allInnerTexts(), ["Cancel", "Regenerate Token"]);
    assert.ok(await sure.cancel.evaluate((button) => button === document.activeElement), "Cancel has no focus");
    await screenshot(page, "7-dialog");
    await decline();
    await dialog.waitFor({ state: "hidden" });
    assert.ok(await isOpener(), "the focus is not back on the opener");
    await assertLive(token);
  }
  await reads(card(page).status, "");
}

async function regenerateAndCopy(page, old) {
  step("Now she is sure");
  const { regenerate, sure, status } = card(page);
  await regenerate.click();
  await sure.confirm.click();
  await reads(status, "API token regenerated successfully.");
  await screenshot(page, "8-regenerated");
  await assertDead(old);
  const fresh = await copied(page);
  assert.notEqual(fresh, old);
  return fresh;
}

async function runInChosenAccount(page, token, chosen) {
  step("With two accounts the command names the one she chooses");
  const refused = await ask(token, "/v1/account");
  assert.deepEqual([refused.status, refused.body.error], [400, "AccountRequired"]);
  await page.getByLabel("Account to act in").selectOption({ label: "Difference Engines" });
  const { line, answer } = await copyAndRunCommand(page);
  assert.ok(line.includes(`-H "x-account-id: ${chosen}"`), line);
  assert.deepEqual([answer.id, answer.role], [chosen, "viewer"]);
  await screenshot(page, "9-two-accounts");
}
