// A person sees what the integration did: from signing in to the account, a campaign and its prospects. Without
// a script and by keyboard, too; and every page and state on the way is judged.

import assert from "node:assert/strict";
import {
  PASSWORD, admit, allowClipboard, arrives, claim, clipboard, open, reads, server, step, tell,
} from "./lib.mjs";
import { judge } from "./judge.mjs";

const ADA = "ada@example.test";
const GRACE = "grace@example.test";

await tell(async (browser) => {
  const context = await open(browser);
  const { accountId } = await claim(context);
  const admin = await context.newPage();
  await nothingYet(admin);
  const assistant = await addAssistants(admin);
  const campaign = await integrate(context, assistant);
  await walk(browser, accountId, campaign);
  await byKeyboard(context, admin, accountId, campaign);
  await judgeThem(admin, accountId, campaign);
  await asViewer(browser, context, accountId, campaign);
});

async function press(page, name, scope = page) {
  await Promise.all([page.waitForEvent("load"), scope.getByRole("button", { name, exact: true }).click()]);
}

async function follow(page, name, path) {
  await page.getByRole("link", { name, exact: true }).click();
  await arrives(page, path);
}

/** What is written about one thing in the table of this name, a piece per cell. */
async function row(page, table, name) {
  const rows = page.getByRole("region", { name: table, exact: true }).getByRole("row");
  const cells = await rows.filter({ hasText: name }).getByRole("cell").allInnerTexts();
  return cells.map((text) => text.replace(/\s+/g, " ").trim());
}

async function nothingYet(admin) {
  step("Nothing has been done yet");
  await admin.goto(`${server}/accounts`);
  await admin.getByText("No calls yet.").waitFor();
  await judge(admin, "nothing-yet");
}

async function addAssistants(admin) {
  step("Ada gives the account three assistants, one with a number that is none, and takes one away");
  await admin.goto(`${server}/admin`);
  const account = admin.locator('[data-test-account="Analytical Engines"]');
  const number = account.getByLabel("Phone number");
  for (const name of ["Reception of the Analytical Engines, London", "Night watch", "Nobody"]) {
    await account.getByLabel("Name", { exact: true }).fill(name);
    await number.fill("+441632960961");
    await press(admin, "Add assistant", account);
    await account.getByText(name, { exact: true }).waitFor();
  }
  await press(admin, "Remove Nobody", account);
  assert.equal(await account.getByText("Nobody", { exact: true }).count(), 0);
  await judge(admin, "admin-assistants");

  await account.getByLabel("Name", { exact: true }).fill("Out of order");
  await number.fill("555-1234");
  assert.equal(await number.evaluate((field) => field.validity.patternMismatch), true);
  await number.evaluate((field) => { field.removeAttribute("pattern"); });
  await press(admin, "Add assistant", account);
  await reads(admin.getByRole("alert"), "phoneNumber must be a phone number in E.164 form, like +14155552671");
  const { data } = await (await admin.request.get(`${server}/v1/assistants`)).json();
  return data[0].id;
}

/** What an integration does with Ada's second token, and others through the campaign's second webhook URL. */
async function integrate(context, assistantId) {
  step("The integration makes calls and adds prospects");
  await context.request.post(`${server}/v1/user/api-token`);
  const { token } = await (await context.request.post(`${server}/v1/user/api-token/regenerate`)).json();
  const send = async (path, data) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(server + path, { method: "POST", headers, body: JSON.stringify(data) });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  };
  for (let number = 1; number <= 26; number += 1) {
    await send("/v1/assistant/calls", { assistantId, name: `Person ${number}`, phoneNumber: "+14155552671" });
  }
  const name = "Wolfeschlegelsteinhausenbergerdorff Bartholomew-Christopher";
  await send("/v1/assistant/calls", { assistantId, name, phoneNumber: "+123456789012345" });
  const byHand = { assistantId, name: "Edsger", phoneNumber: "+31201234567" };
  assert.ok((await context.request.post(`${server}/v1/assistant/calls`, { data: byHand })).ok());

  const archived = await send("/v1/campaigns", { name: "Last year" });
  await context.request.post(`${server}/v1/campaigns/${archived.id}/archive`);
  const { id } = await send("/v1/campaigns", { name: "Spring offensive for difference engines" });
  const records = Array.from({ length: 13 }, (_, number) => ({
    firstName: `Person ${number}`, lastName: "Of The Crowd", company: "Crowd Ltd", email: `person-${number}@example.test`,
  }));
  await send(`/v1/campaigns/${id}/prospects`, { data: records });
  const more = records.map((record) => ({ ...record, email: `other-${record.email}` }));
  await send(`/v1/campaigns/${id}/prospects`, { data: more });
  await send(`/v1/campaigns/${id}/webhook`, {});
  const { url } = await send(`/v1/campaigns/${id}/webhook`, {});
  const data = [
    {
      firstName: "Wolfgang", lastName: "Wolfeschlegelsteinhausenbergerdorff", company: "Wolfeschlegelsteinhausenbergerdorff & Söhne",
      jobTitle: "Vice president of difference", phone: "+14155552671",
      email: "wolfgang.wolfeschlegelsteinhausenbergerdorff@a-rather-long-host-name.example.test",
      linkedinUrl: "https://www.linkedin.com/in/wolfgang-wolfeschlegelsteinhausenbergerdorff-0123456789",
    },
    { phone: "+14155552672" },
  ];
  const path = new URL(url).pathname;
  const answer = await fetch(server + path, {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ data }),
  });
  assert.ok(answer.ok, await answer.text());
  return id;
}

async function signIn(page, email) {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(PASSWORD);
  await press(page, "Sign in");
}

async function walk(browser, account, campaign) {
  step("Without a script: sign in, the account, its campaign, the prospects and the older ones");
  const page = await (await open(browser, { javaScriptEnabled: false })).newPage();
  await page.goto(`${server}/accounts`);
  await arrives(page, "/sign-in");
  await signIn(page, ADA);
  const home = `/accounts/${account}`;
  await arrives(page, home);
  await reads(page.getByRole("heading", { level: 1 }), "Analytical Engines");
  await follow(page, "Settings", "/user/settings/api-tokens");
  await follow(page, "Account", home);

  const [number, assistant, when] = await row(page, "Calls", "Edsger");
  assert.deepEqual([number, assistant], ["+31201234567", "Reception of the Analytical Engines, London"]);
  assert.match(when, /^\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC by Ada Lovelace in the browser$/);
  assert.match((await row(page, "Calls", "Person 26")).pop(), / UTC by Ada Lovelace with token 2$/);
  await follow(page, "Older calls", home);
  assert.equal((await row(page, "Calls", "Person 1")).length, 3);
  await follow(page, "Newer calls", home);

  assert.equal((await row(page, "Campaigns", "Last year"))[0], "archived");
  const detail = `${home}/campaigns/${campaign}`;
  await follow(page, "Spring offensive for difference engines", detail);
  await page.getByText("Webhook URL 2 is live since").waitFor();
  assert.match((await row(page, "Prospects", "Wolfgang")).pop(), / UTC by webhook URL 2$/);
  assert.match((await row(page, "Prospects", "other-person-12@")).pop(), / UTC by Ada Lovelace with token 2$/);
  await follow(page, "Older prospects", detail);
  assert.equal(await page.getByRole("region", { name: "Prospects" }).getByRole("row").count(), 1 + 3);
  await page.getByRole("navigation", { name: "Breadcrumb" }).getByRole("link").click();
  await arrives(page, home);
  for (const asked of [page.url(), `${server}${detail}`]) assert.doesNotMatch(asked, /example|%40|@/);
}

async function byKeyboard(context, page, account, campaign) {
  step("By keyboard: an id is copied, and the campaign is opened");
  await allowClipboard(context);
  await page.goto(`${server}/accounts/${account}`);
  await page.getByRole("main").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Control+C");
  assert.equal(await clipboard(page), account);
  const link = page.getByRole("link", { name: "Spring offensive for difference engines" });
  for (let pressed = 0; !await link.evaluate((it) => it === document.activeElement); pressed += 1) {
    assert.ok(pressed < 20, "the campaign cannot be reached");
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await arrives(page, `/accounts/${account}/campaigns/${campaign}`);
  await page.getByLabel("Campaign id").focus();
}

async function judgeThem(page, account, campaign) {
  await page.goto(`${server}/accounts/${account}`);
  await judge(page, "account");
  await page.getByRole("link", { name: "Older calls" }).click();
  await page.getByRole("link", { name: "Newer calls" }).waitFor();
  await judge(page, "account-older");
  await page.goto(`${server}/accounts/${account}/campaigns/${campaign}`);
  await judge(page, "campaign");
  await page.goto(`${server}/accounts/${campaign}`);
  await reads(page.getByRole("heading", { level: 1 }), "There is no such page");
  await judge(page, "not-found");
}

async function asViewer(browser, context, account, campaign) {
  step("Grace has no account, then two; as a viewer she sees no webhook URL");
  const hers = await open(browser);
  const id = await admit(context, hers, GRACE);
  const page = await hers.newPage();
  await page.goto(`${server}/accounts`);
  await page.getByText("You are not a member of any account.").waitFor();
  await judge(page, "no-account");

  const made = await context.request.post(`${server}/v1/admin/accounts`, { data: { name: "Difference Engines" } });
  for (const member of [account, (await made.json()).id]) {
    const path = `${server}/v1/admin/accounts/${member}/members/${id}`;
    assert.ok((await context.request.put(path, { data: { role: "viewer" } })).ok());
  }
  await page.reload();
  await judge(page, "accounts");
  await follow(page, "Analytical Engines", `/accounts/${account}`);
  await judge(page, "account-one-of-several");
  await follow(page, "Spring offensive for difference engines", `/accounts/${account}/campaigns/${campaign}`);
  await page.getByRole("rowheader", { name: "Wolfgang" }).waitFor();
  assert.equal(await page.getByText("webhook URL is live").count(), 0);
  assert.equal(await page.getByRole("region", { name: "Webhook URL" }).count(), 0);
  await judge(page, "campaign-viewer");

  const removed = `${server}/v1/admin/accounts/${account}/members/${id}`;
  assert.ok((await context.request.delete(removed)).ok());
  await page.reload();
  await reads(page.getByRole("heading", { level: 1 }), "There is no such page");
}
