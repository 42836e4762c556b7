// What endpoints could not be told: an administrator sees it at /admin/deliveries, and has it sent again,
// without a script. One endpoint turns every message away once the schedule is through and takes it when
// it is replayed; the other never answers.

import assert from "node:assert/strict";
import { arrives, claim, eventually, open, reads, server, step, tell } from "./lib.mjs";
import { judge } from "./judge.mjs";

const DELIVERIES = "/admin/deliveries";
const TOKENS = 3;

await tell(async (browser) => {
  const context = await open(browser);
  await claim(context);
  const page = await context.newPage();
  await find(page);
  for (let count = 0; count < TOKENS; count += 1) await context.request.post(`${server}/v1/user/api-token`);
  await lookAtWhatWasGivenUp(page);
  const plain = await open(browser, { javaScriptEnabled: false, storageState: await context.storageState() });
  await replay(await plain.newPage());
});

async function find(page) {
  step("The administration page leads to it");
  await page.goto(`${server}/admin`);
  await page.getByRole("link", { name: "Deliveries" }).click();
  await arrives(page, DELIVERIES);
  await reads(page.locator("[data-test-no-dead]"), "Nothing was given up.");
  await judge(page, "nothing");
}

function dead(page) {
  return page.locator("[data-test-dead]").filter({ hasText: "crm" });
}

function pending(page) {
  return page.locator("[data-test-pending]").filter({ hasText: "slow" });
}

async function lookAtWhatWasGivenUp(page) {
  step("What one endpoint turned away is given up, what the other does not take is waiting");
  await eventually(async () => {
    await page.reload();
    assert.equal(await dead(page).count(), TOKENS);
  });
  assert.ok(await pending(page).count() > 0);
  await reads(dead(page).last().locator("td").nth(2), "the receiver answered 500 (attempts: 2)");
  await judge(page, "given-up");
}

async function replay(page) {
  step("Replayed, it arrives");
  await page.goto(server + DELIVERIES);
  for (let left = TOKENS; left > 0; left -= 1) {
    await dead(page).last().getByRole("button", { name: /^Replay: token\./ }).click();
    await eventually(async () => {
      await page.goto(server + DELIVERIES);
      assert.equal(await dead(page).count(), left - 1);
    });
  }
}
