// An old token is still sent: its owner sees by whom, and has them hidden until they come again.

import assert from "node:assert/strict";
import { SETTINGS, claim, eventually, generate, open, reads, regenerate, screenshot, server, step, tell } from "./lib.mjs";

await tell(async (browser) => {
  const context = await open(browser);
  await claim(context);
  const page = await context.newPage();
  await page.goto(server + SETTINGS);
  const old = await generate(page);
  await regenerate(page);
  const told = page.locator("[data-test-stragglers]");
  await page.reload();
  assert.equal(await told.count(), 0);

  step("Two programs go on with the old token");
  await refused(old, "nightly-sync/2.1 (+https://example.test/sync)");
  await refused(old, "<i>crm</i>-export " + "x".repeat(300));
  // When the first one is written down before the second one comes, that is written a minute later.
  await eventually(async () => {
    await page.reload();
    assert.equal(await told.locator("tbody tr").count(), 2);
  }, 90_000);
  await reads(told.getByRole("heading"), "Still sending your old token");
  const line = told.locator("tbody tr").filter({ hasText: "nightly-sync/2.1" });
  await reads(line.getByRole("cell").nth(1), "token 1");
  assert.match(await line.getByRole("cell").first().innerText(), /127\.0\.0\.1/);
  assert.match(await told.innerText(), /<i>crm<\/i>-export x+/);
  await screenshot(page, "stragglers");

  step("She hides them until they come again");
  await hide(page);
  assert.equal(await told.count(), 0);
  await page.reload();
  assert.equal(await told.count(), 0);
});

async function refused(token, agent) {
  const headers = { authorization: `Bearer ${token}`, "user-agent": agent };
  assert.equal((await fetch(`${server}/v1/token`, { headers })).status, 401);
}

async function hide(page) {
  await Promise.all([page.waitForEvent("load"), page.locator("[data-test-hide-stragglers]").click()]);
}
