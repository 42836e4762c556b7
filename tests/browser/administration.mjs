// What an administrator does on /admin, and what it does to the access of others.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, arrives, ask, assertDead, assertLive, claim, generate, open, reads, screenshot, server, step, tell,
} from "./lib.mjs";

const GRACE = "grace@example.test";
const REFUSED = { error: "Forbidden", message: "You do not have permission to access this resource" };

await tell(async (browser) => {
  const context = await open(browser);
  await claim(context);
  const admin = await context.newPage();
  await admin.goto(`${server}/admin`);
  const grace = await (await open(browser)).newPage();
  await invite(admin, grace);
  await inviteBadly(admin);
  let token = await generate(grace);
  token = await lockAndUnlock(admin, grace, token);
  token = await revoke(admin, grace, token);
  await openAccount(admin);
  await becomeMember(admin, token);
  await loseMembership(admin, token);
  await beRefused(grace);
  await loseTheWay(grace);
  await beErased(admin, grace, token);
});

// Every button here sends a form: what follows is about the page that comes of it.
async function press(page, name, scope = page) {
  await Promise.all([page.waitForEvent("load"), scope.getByRole("button", { name, exact: true }).click()]);
}

// The row of a user, and the part of an account.
function row(page, email) {
  return page.locator(`[data-test-user="${email}"]`);
}

function account(page, name) {
  return page.locator(`[data-test-account="${name}"]`);
}

async function fillInvitation(admin, email, name) {
  await admin.locator("#invite-email").fill(email);
  await admin.locator("#invite-name").fill(name);
  await press(admin, "Invite");
}

async function invite(admin, grace) {
  step("Ada invites Grace by a link that works once");
  await fillInvitation(admin, GRACE, "Grace Hopper");
  const shown = admin.locator("[data-test-setup-url]");
  await admin.getByText("Send this link to the person you invited. It works once").waitFor();
  const link = await shown.innerText();
  await screenshot(admin, "invited");
  await admin.goto(`${server}/admin`);
  assert.ok(!(await admin.content()).includes(link.split("code=")[1]), "the link is shown again");

  await grace.goto(link);
  await screenshot(grace, "invitation");
  const password = grace.getByLabel("Password (12 characters or more)");
  await password.evaluate((field) => { field.removeAttribute("minlength"); });
  await password.fill("too short");
  await press(grace, "Continue");
  await reads(grace.getByRole("alert"), "password must have 12 to 128 characters");
  await screenshot(grace, "password-too-short");
  await password.fill(PASSWORD);
  await press(grace, "Continue");
  await arrives(grace, SETTINGS);
  await reads(grace.locator("[data-test-visitor]"), "Grace Hopper");
  assert.equal(await grace.getByRole("link", { name: "Administration" }).count(), 0);

  await grace.goto(link);
  await reads(grace.getByRole("heading", { level: 1 }), "This link does not work");
  await screenshot(grace, "link-used");
  await grace.getByRole("link", { name: "Back to the start" }).click();
  await arrives(grace, SETTINGS);
}

async function inviteBadly(admin) {
  step("What is wrong with an invitation is said");
  await fillInvitation(admin, "GRACE@example.test", "Another Grace");
  await reads(admin.getByRole("alert"), "The e-mail address is in use.");
  await screenshot(admin, "address-in-use");
  await fillInvitation(admin, "blank@example.test", " ");
  assert.match(await admin.getByRole("alert").innerText(), /name/);
  const email = admin.locator("#invite-email");
  await email.evaluate((field) => { field.type = "text"; });
  await fillInvitation(admin, "nobody", "Nobody");
  await reads(admin.getByRole("alert"), "email must be an e-mail address");
  assert.equal(await admin.locator("[data-test-user]").count(), 2);
}

async function lockAndUnlock(admin, grace, token) {
  step("A locked user is out, with her token; unlocked she begins anew");
  await assertLive(token);
  await press(admin, "Lock Grace Hopper");
  await reads(row(admin, GRACE).getByRole("cell").nth(2), "locked");
  await assertDead(token);
  await grace.reload();
  await arrives(grace, "/sign-in");
  await signIn(grace, GRACE);
  await reads(grace.getByRole("alert"), "Invalid e-mail or password");
  await screenshot(grace, "sign-in-refused");

  await press(admin, "Unlock Grace Hopper");
  await reads(row(admin, GRACE).getByRole("cell").nth(2), "active");
  await assertDead(token);
  await signIn(grace, GRACE);
  await arrives(grace, SETTINGS);
  await reads(grace.locator("[data-history] tbody td").first(), "Token 1 revoked because you were locked");
  return generate(grace);
}

async function signIn(page, email) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
}

async function revoke(admin, grace, token) {
  step("Ada revokes Grace's token");
  await assertLive(token);
  await press(admin, "Revoke token: Grace Hopper");
  await assertDead(token);
  await grace.reload();
  await reads(grace.locator("[data-history] tbody td").first(), "Token 2 revoked by an administrator");
  return generate(grace);
}

async function openAccount(admin) {
  step("She opens an account");
  await admin.getByLabel("Name", { exact: true }).last().fill("Difference Engines");
  await press(admin, "Open");
  await reads(account(admin, "Difference Engines").getByRole("heading"), "Difference Engines");
  await reads(account(admin, "Difference Engines").getByText("No members"), "No members yet.");
}

async function becomeMember(admin, token) {
  step("Grace becomes a member by her e-mail address, then a viewer");
  assert.deepEqual(await ask(token, "/v1/account"), { status: 403, body: REFUSED });
  const engines = account(admin, "Difference Engines");
  await engines.getByLabel("E-mail").fill("stranger@example.test");
  await press(admin, "Add member", engines);
  await reads(admin.getByRole("alert"), "no unlocked user has the e-mail address stranger@example.test");
  await screenshot(admin, "no-such-user");

  await engines.getByLabel("E-mail").fill(GRACE.toUpperCase());
  await engines.getByLabel("Role", { exact: true }).selectOption("member");
  await press(admin, "Add member", engines);
  await engines.getByRole("listitem").filter({ hasText: "Grace Hopper" }).waitFor();
  assert.equal((await ask(token, "/v1/account")).body.role, "member");

  const role = engines.getByRole("combobox", { name: "Role: Grace Hopper" });
  await role.selectOption("viewer");
  await press(admin, "Change role: Grace Hopper", engines);
  assert.equal(await role.inputValue(), "viewer");
  await screenshot(admin, "members");
  const { status, body } = await ask(token, "/v1/account");
  assert.deepEqual([status, body.name, body.role], [200, "Difference Engines", "viewer"]);
}

async function loseMembership(admin, token) {
  step("Removed, she is refused at her next call; her token lives");
  const engines = account(admin, "Difference Engines");
  await press(admin, "Remove Grace Hopper", engines);
  await engines.getByText("No members yet.").waitFor();
  assert.deepEqual(await ask(token, "/v1/account"), { status: 403, body: REFUSED });
  assert.deepEqual(await ask(token, "/v1/account", { "x-account-id": await engines.locator(".meta").innerText() }),
    { status: 403, body: REFUSED });
  await assertLive(token);
}

async function beErased(admin, grace, token) {
  step("Ada erases who Grace was, after she was asked");
  await admin.goto(`${server}/admin`);
  await press(admin, "Lock Grace Hopper");
  await screenshot(admin, "locked");
  await press(admin, "Erase… Grace Hopper");
  await reads(admin.getByRole("heading", { level: 1 }), "Erase this person’s data?");
  await screenshot(admin, "erase");
  await press(admin, "Cancel");
  await reads(row(admin, GRACE).getByRole("cell").nth(2), "locked");
  await press(admin, "Erase… Grace Hopper");
  await press(admin, "Erase for ever");
  await arrives(admin, "/admin");
  assert.ok(!(await admin.content()).includes("Grace"), "she is still named");
  await reads(row(admin, "").getByRole("cell").nth(2), "erased");
  await screenshot(admin, "erased");
  await assertDead(token);
  await grace.reload();
  await arrives(grace, "/sign-in");
  await signIn(grace, GRACE);
  await reads(grace.getByRole("alert"), "Invalid e-mail or password");
}

async function beRefused(grace) {
  step("Grace opens the page of administrators");
  const answer = await grace.goto(`${server}/admin`);
  assert.equal(answer.status(), 403);
  await reads(grace.getByRole("heading", { level: 1 }), "You may not do that");
  await screenshot(grace, "forbidden");
  await grace.getByRole("link", { name: "Back to the start" }).click();
  await arrives(grace, SETTINGS);
}

async function loseTheWay(grace) {
  step("An unknown page leads back");
  for (const path of ["/no/such/page", `${SETTINGS}/generate`]) {
    const answer = await grace.goto(server + path);
    assert.ok([404, 405].includes(answer.status()), path);
    await screenshot(grace, `lost-${answer.status()}`);
    await grace.getByRole("link", { name: "Back to the start" }).click();
    await arrives(grace, SETTINGS);
  }
}
