// Every page and state that is not an account's is judged, and nothing moves for those who asked for that.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, admit, arrives, card, claim, eventually, generate, history, open, reads, server, setupLink, step,
  takeComplaints, tell,
} from "./lib.mjs";
import { judge } from "./judge.mjs";

await tell(async (browser) => {
  const visitor = await (await open(browser)).newPage();
  await beforeSetUp(visitor);
  const context = await open(browser);
  await claim(context);
  await signedOut(visitor);
  const page = await context.newPage();
  await theCard(page);
  await theCardWithSeveralAccounts(context, page);
  await withoutScript(page);
  await administration(browser, context, page);
  await stillness(page);
  await policy(page);
});

async function beforeSetUp(page) {
  await page.goto(server);
  await judge(page, "nobody-yet");
  await page.goto(setupLink);
  await judge(page, "setup");
  await page.goto(`${setupLink}x`);
  await judge(page, "setup-link-refused");
  await page.goto(setupLink);
  const password = page.getByLabel("Password (12 characters or more)");
  for (const label of ["Name", "Name of the first account"]) {
    await page.getByLabel(label, { exact: true }).fill("A name");
  }
  await page.getByLabel("E-mail").fill("ada@example.test");
  await password.evaluate((field) => { field.removeAttribute("minlength"); });
  await password.fill("too short");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("E-mail").inputValue(), "ada@example.test");
  await judge(page, "setup-error");
}

async function signedOut(page) {
  await page.goto(server);
  await arrives(page, "/sign-in");
  await judge(page, "sign-in");
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Password").fill("a wrong password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await reads(page.getByRole("alert"), "Invalid e-mail or password");
  await judge(page, "sign-in-error");
  await page.goto(`${server}/no/such/page`);
  await judge(page, "not-found");
}

async function theCard(page) {
  const { regenerate, delete: remove, sure, deleteSure, status, alert, meta } = card(page);
  await page.goto(server + SETTINGS);
  await judge(page, "empty");
  const stale = await page.context().newPage();
  await stale.goto(server + SETTINGS);
  await generate(page);
  await eventually(async () => assert.equal(await page.locator("[data-history] tbody tr").count(), 1));
  await judge(page, "created");
  await regenerate.click();
  await judge(page, "dialog");
  await sure.confirm.click();
  await reads(status, "API token regenerated successfully.");
  await judge(page, "regenerated");
  await remove.click();
  await judge(page, "delete-dialog");
  await deleteSure.cancel.click();
  await page.reload();
  assert.match(await meta.innerText(), /Never used$/);
  await judge(page, "later");
  await stale.bringToFront();
  await card(stale).generate.click();
  await card(stale).alert.waitFor();
  await judge(stale, "changed-elsewhere");
  await stale.close();
}

async function theCardWithSeveralAccounts(context, page) {
  const { data: [ada] } = await (await context.request.get(`${server}/v1/admin/users`)).json();
  const made = await context.request.post(`${server}/v1/admin/accounts`, { data: { name: "Difference Engines" } });
  const member = `${server}/v1/admin/accounts/${(await made.json()).id}/members/${ada.id}`;
  await context.request.put(member, { data: { role: "viewer" } });
  while ((await history(context)).length < 11) await context.request.post(`${server}/v1/user/api-token`);
  await page.goto(server + SETTINGS);
  await card(page).regenerate.click();
  await card(page).sure.confirm.click();
  await page.getByLabel("Account to act in").waitFor();
  await judge(page, "several-accounts");
  await page.getByRole("link", { name: "Older" }).click();
  await page.getByRole("link", { name: "Newer" }).waitFor();
  await judge(page, "older-history");
}

// The pages that someone without JavaScript sees have no script of their own.
async function withoutScript(page) {
  await page.goto(`${server}${SETTINGS}/delete`);
  await judge(page, "without-script-delete");
  await page.goto(`${server}${SETTINGS}/regenerate`);
  await judge(page, "without-script-sure");
  await page.getByRole("button", { name: "Regenerate Token" }).click();
  await page.locator("[data-test-token]").waitFor();
  await judge(page, "without-script-shown");
  await page.reload();
  await judge(page, "without-script-changed");
}

async function administration(browser, context, page) {
  const grace = await open(browser);
  await admit(context, grace, "grace.brewster.murray.hopper@a-rather-long-host-name.example.test");
  const hers = await grace.newPage();
  await hers.goto(`${server}/admin`);
  await judge(hers, "forbidden");

  await page.goto(`${server}/admin`);
  await judge(page, "admin");
  await page.locator("#invite-email").fill("linus@example.test");
  await page.locator("#invite-name").fill("Linus");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.locator("[data-test-setup-url]").waitFor();
  await judge(page, "admin-invited");
  await page.locator("#invite-email").fill("linus@example.test");
  await page.locator("#invite-name").fill("Linus");
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.getByRole("alert").waitFor();
  await judge(page, "admin-error");
}

async function stillness(page) {
  step("The dialog appears with a movement, or without");
  await page.goto(server + SETTINGS);
  for (const [reducedMotion, moves] of [["no-preference", true], ["reduce", false]]) {
    await page.emulateMedia({ reducedMotion });
    await card(page).regenerate.click();
    await card(page).sure.box.waitFor();
    const [name, duration] = await card(page).sure.box.evaluate((dialog) => [
      getComputedStyle(dialog).animationName, getComputedStyle(dialog.querySelector("button")).transitionDuration,
    ]);
    assert.deepEqual([name !== "none", duration !== "0s"], [moves, moves]);
    await page.keyboard.press("Escape");
  }
}

async function policy(page) {
  step("A script that got into the page does not run");
  assert.deepEqual(takeComplaints(), []);
  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.intruder = true";
    document.body.append(script);
  });
  await eventually(() => assert.match(takeComplaints().join(), /Content Security Policy/));
  assert.equal(await page.evaluate(() => window.intruder), undefined);
}
