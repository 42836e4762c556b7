// Two tabs, double clicks, reloads and lost answers: each wish is fulfilled once, and no fresh token dies.

import assert from "node:assert/strict";
import {
  SETTINGS, arrives, assertDead, assertLive, card, claim, generate, history, minted, open, reads,
  regenerate, screenshot, secretPart, server, step, tell,
} from "./lib.mjs";

const CHANGED =
  "Your token has changed since this page was opened, perhaps in another tab. Nothing was done here.";
const UNKNOWN = "No answer came, so it is not known whether this was done.";

await tell(async (browser) => {
  const context = await open(browser);
  await claim(context);
  const posts = countPosts(context);
  let events = 0;
  const happened = async (count, { seen = count } = {}) => {
    events += count;
    assert.equal((await history(context)).length, events);
    assert.equal(posts.splice(0).length, seen, "successful answers that the pages got");
  };

  let token = await generateInTwoTabs(context, happened);
  token = await regenerateInTwoTabs(context, token, happened);
  await deleteInAStaleTab(context, token, happened);
  await clickTwice(context, happened);
  await reload(context, happened);
  await loseTheAnswer(context, happened);
});

// What the pages changed, as far as they know.
function countPosts(context) {
  const posts = [];
  context.on("response", (response) => {
    const request = response.request();
    if (request.method() !== "GET" && request.url().includes("/api-token") && response.ok()) posts.push(request.url());
  });
  return posts;
}

async function settings(context) {
  const page = await context.newPage();
  await page.goto(server + SETTINGS);
  return page;
}

async function isToldOfTheChange(page) {
  const { alert } = card(page);
  await reads(alert.locator("p").first(), CHANGED);
  assert.equal(await alert.getAttribute("role"), "alert");
  await alert.getByRole("link", { name: "Show the current state" }).click();
  await arrives(page, SETTINGS);
  await card(page).regenerate.waitFor();
  assert.equal(await alert.isVisible(), false);
}

async function generateInTwoTabs(context, happened) {
  step("Two tabs generate");
  const [first, second] = [await settings(context), await settings(context)];
  const token = await generate(first);
  await second.bringToFront();
  await card(second).generate.click();
  await isToldOfTheChange(second);
  await assertLive(token);
  await happened(1);
  await first.close();
  await second.close();
  return token;
}

async function regenerateInTwoTabs(context, old, happened) {
  step("Two tabs regenerate");
  const [first, second] = [await settings(context), await settings(context)];
  const token = await regenerate(first);
  await second.bringToFront();
  await card(second).regenerate.click();
  await card(second).sure.confirm.click();
  await card(second).alert.waitFor();
  await screenshot(second, "changed-elsewhere");
  await isToldOfTheChange(second);
  await assertLive(token);
  await assertDead(old);
  await happened(1);
  await first.close();
  await second.close();
  return token;
}

async function deleteInAStaleTab(context, old, happened) {
  step("A stale tab deletes nothing, a fresh one does");
  const [first, stale] = [await settings(context), await settings(context)];
  const token = await regenerate(first);
  await stale.bringToFront();
  await card(stale).delete.click();
  await card(stale).deleteSure.confirm.click();
  await isToldOfTheChange(stale);
  await assertLive(token);
  await assertDead(old);
  await card(stale).delete.click();
  await card(stale).deleteSure.confirm.click();
  await reads(card(stale).status, "API token deleted.");
  await assertDead(token);
  await happened(2);
  await first.close();
  await stale.close();
}

// The server's answer is held back until the second click has been made.
async function clickTwice(context, happened) {
  step("Double clicks while the answer is on its way");
  const page = await settings(context);
  const { generate: button, regenerate: opener, sure, status } = card(page);
  const doubly = async (target, text, kind) => {
    let release;
    const held = new Promise((resolve) => { release = resolve; });
    await page.route("**/v1/user/api-token**", async (route) => {
      if (route.request().method() === "POST") await held;
      await route.continue();
    });
    await target.waitFor();
    const { x, y, width, height } = await target.boundingBox();
    const token = await minted(page, async () => {
      await page.mouse.dblclick(x + width / 2, y + height / 2);
      if (kind === "button") {
        assert.deepEqual([await target.isDisabled(), await target.getAttribute("aria-busy")], [true, "true"]);
      }
      await page.keyboard.press("Enter");
      release();
    });
    await reads(status, text);
    await page.unroute("**/v1/user/api-token**");
    assert.equal(await sure.box.isVisible(), false, "a dialog is open");
    await assertLive(token);
    await happened(1);
  };
  await doubly(button, "API token created successfully.", "button");
  await opener.click();
  await doubly(sure.confirm, "API token regenerated successfully.", "dialog");
  await page.close();
}

async function reload(context, happened) {
  step("A reload repeats nothing");
  const page = await settings(context);
  const token = await regenerate(page);
  await page.reload();
  assert.equal(await card(page).status.innerText(), "");
  assert.equal(await card(page).copy.isDisabled(), true);
  assert.ok(!(await page.content()).includes(secretPart(token)));
  await assertLive(token);
  await happened(1);
  await page.close();
}

async function loseTheAnswer(context, happened) {
  step("An answer is lost on the way");
  const page = await settings(context);
  await page.route("**/regenerate", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await card(page).regenerate.click();
  await card(page).sure.confirm.click();
  await reads(card(page).alert.locator("p").first(), UNKNOWN);
  await screenshot(page, "answer-lost");
  await page.unroute("**/regenerate");

  // She tries again at once: what she sees is no longer so.
  await card(page).regenerate.click();
  await card(page).sure.confirm.click();
  await isToldOfTheChange(page);
  await happened(1, { seen: 0 });
  await page.close();
}
