// A stranger reads the API's description at /docs and tries it with a token, all from our own origin.

import assert from "node:assert/strict";
import { ask, claim, eventually, open, screenshot, server, step, tell } from "./lib.mjs";

await tell(async (browser) => {
  const page = await (await open(browser)).newPage();
  await isComplete(page);
  const token = await someonesToken(browser);
  await answersWith(page, token);
  await forgets(page, token);
});

async function isComplete(page) {
  step("Every operation is shown");
  const { paths } = await (await fetch(`${server}/openapi.json`)).json();
  const operations = Object.values(paths).flatMap((path) => Object.values(path));
  await page.goto(`${server}/docs`);
  await eventually(async () => assert.equal(await page.locator(".opblock").count(), operations.length));
  for (const { operationId } of operations) {
    assert.equal(await page.locator(`[id$="-${operationId}"]`).count(), 1, operationId);
  }
  await screenshot(page, "all");
}

async function someonesToken(browser) {
  const context = await open(browser);
  await claim(context);
  return (await (await context.request.post(`${server}/v1/user/api-token`)).json()).token;
}

async function answersWith(page, token) {
  step("A token that is typed in is sent to the server itself");
  await page.getByRole("button", { name: "Authorize" }).first().click();
  await page.getByLabel("auth-bearer-value").fill(token);
  await page.getByRole("button", { name: "Apply credentials" }).first().click();
  await page.getByRole("button", { name: "Close" }).first().click();
  const operation = page.locator('[id$="-show_caller"]');
  await operation.locator(".opblock-summary-control").click();
  await operation.getByRole("button", { name: "Try it out" }).click();
  await operation.getByRole("button", { name: "Execute" }).click();
  await operation.locator(".live-responses-table .response-col_status").getByText("200").waitFor();
  assert.match(await operation.locator(".live-responses-table").innerText(), /Ada Lovelace/);
  await screenshot(page, "tried");
}

async function forgets(page, token) {
  step("The token is gone when the page is");
  const kept = () => page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  assert.doesNotMatch(await kept(), new RegExp(token));
  await page.reload();
  await page.locator(".opblock").first().waitFor();
  assert.doesNotMatch(await page.content(), new RegExp(token));
  assert.equal((await ask(token)).status, 200);
}
