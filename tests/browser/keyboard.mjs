// The whole flow without a mouse: every stop can be reached by Tab, shows that it has the focus, and
// does what Enter or Space promises.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, allowClipboard, arrives, assertDead, assertLive, card, clipboard, eventually, history, open,
  reads, server, setupLink, step, tell,
} from "./lib.mjs";

const STOPS = 60;

await tell(async (browser) => {
  const context = await open(browser);
  await allowClipboard(context);
  const page = await context.newPage();
  await setUp(page);
  const first = await generateAndCopy(page);
  const second = await regenerate(page, first);
  await meetAChange(context, page, second);
  await deleteIt(page);
  await skipToContent(page);
  await signOutAndIn(page);
});

// What has the focus, by role and name as a screen reader says them.
function focused(page) {
  return page.evaluate(() => {
    const { activeElement: element } = document;
    const label = element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return {
      label: label.trim(),
      isSeen: outlineStyle === "solid" && outlineWidth === "3px" && box.width > 0 && box.left >= 0,
    };
  });
}

// Presses Tab until the element of this name has the focus.
async function tabTo(page, label, key = "Tab") {
  const passed = [];
  for (let stop = 0; stop < STOPS; stop += 1) {
    await page.keyboard.press(key);
    const now = await focused(page);
    // Between the last stop and the first the focus is the browser's.
    const isPage = await page.evaluate(() => document.activeElement !== document.body);
    if (isPage) assert.ok(now.isSeen, `the focus on "${now.label}" cannot be seen`);
    if (isPage && now.label === label) return;
    passed.push(now.label.slice(0, 40));
  }
  assert.fail(`Tab does not lead to "${label}", only to ${passed.join(" | ")}`);
}

async function has(page, label) {
  await eventually(async () => assert.equal((await focused(page)).label, label));
}

async function setUp(page) {
  step("Ada sets up");
  await page.goto(setupLink);
  for (const [label, text] of [
    ["E-mail", "ada@example.test"], ["Name", "Ada Lovelace"], ["Name of the first account", "Analytical Engines"],
    ["Password (12 characters or more)", PASSWORD],
  ]) {
    await tabTo(page, label);
    await page.keyboard.type(text);
  }
  await page.keyboard.press("Enter");
  await arrives(page, SETTINGS);
}

async function generateAndCopy(page) {
  step("She generates a token and copies it");
  await tabTo(page, "Generate token");
  await page.keyboard.press("Enter");
  await reads(card(page).status, "API token created successfully.");
  await has(page, "Copy API token");
  await page.keyboard.press("Space");
  await has(page, "Copied");
  const token = await clipboard(page);
  await assertLive(token);
  await tabTo(page, "Copy command");
  await page.keyboard.press("Space");
  await eventually(async () => assert.match(await clipboard(page), /^curl .*Bearer alta_pat_\w{38}"/));
  return token;
}

async function regenerate(page, old) {
  step("She opens the dialog, leaves it, and confirms");
  await tabTo(page, "Regenerate token");
  await page.keyboard.press("Enter");
  await has(page, "Cancel");
  await page.keyboard.press("Escape");
  await has(page, "Regenerate token");
  await page.keyboard.press("Space");
  await has(page, "Cancel");
  await page.keyboard.press("Enter");
  await has(page, "Regenerate token");
  await assertLive(old);

  await page.keyboard.press("Enter");
  await has(page, "Cancel");
  await tabTo(page, "Cancel", "Shift+Tab");
  await tabTo(page, "Regenerate Token");
  assert.equal(await card(page).sure.box.isVisible(), true, "the focus left the dialog");
  await page.keyboard.press("Enter");
  await reads(card(page).status, "API token regenerated successfully.");
  await has(page, "Copy API token");
  await assertDead(old);
  await page.keyboard.press("Enter");
  await has(page, "Copied");
  return clipboard(page);
}

async function meetAChange(context, page, token) {
  step("After a refusal the focus is where it was, and the way on is near");
  await page.reload();
  await context.request.post(`${server}/v1/user/api-token/regenerate`);
  await tabTo(page, "Regenerate token");
  await page.keyboard.press("Enter");
  await has(page, "Cancel");
  await tabTo(page, "Regenerate Token");
  await page.keyboard.press("Enter");
  await card(page).alert.waitFor();
  await has(page, "Regenerate token");
  await tabTo(page, "Show the current state", "Shift+Tab");
  await page.keyboard.press("Enter");
  await card(page).alert.waitFor({ state: "hidden" });
  await assertDead(token);
  assert.equal((await history(context)).length, 3);
}

async function deleteIt(page) {
  step("She deletes it");
  await tabTo(page, "Delete token");
  await page.keyboard.press("Enter");
  await has(page, "Cancel");
  await tabTo(page, "Delete Token");
  await page.keyboard.press("Enter");
  await reads(card(page).status, "API token deleted.");
  await has(page, "Generate token");
}

async function skipToContent(page) {
  step("She skips the head of the page");
  await page.goto(server + SETTINGS);
  await tabTo(page, "Skip to content");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  await has(page, "Generate token");
}

async function signOutAndIn(page) {
  step("She signs out and in");
  await tabTo(page, "Sign out");
  await page.keyboard.press("Enter");
  await arrives(page, "/sign-in");
  await tabTo(page, "E-mail");
  await page.keyboard.type("ada@example.test");
  await tabTo(page, "Password");
  await page.keyboard.type(PASSWORD);
  await tabTo(page, "Sign in");
  await page.keyboard.press("Space");
  await arrives(page, SETTINGS);
}
