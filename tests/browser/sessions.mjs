// A token is deleted; sessions end, here and everywhere; signing in leads back, and never elsewhere.

import assert from "node:assert/strict";
import {
  PASSWORD, SETTINGS, arrives, assertDead, assertLive, card, claim, generate, history, open, reads, screenshot, server,
  step, tell,
} from "./lib.mjs";

const HOME = SETTINGS;
const ELSEWHERE = [
  "//evil.test/", "/\\evil.test/", "\\\\evil.test/", "https://evil.test/", "https:evil.test", "///evil.test",
  "/\t/evil.test/", "/\n/evil.test", " //evil.test", "javascript:alert(1)", "data:text/html,x", "evil.test", "",
];

await tell(async (browser) => {
  const context = await open(browser);
  await claim(context);
  const page = await context.newPage();
  await deleteTheToken(context, page);
  await followADeepLink(context, page);
  await actAfterTheSessionEnded(context, page);
  await refuseToLeadElsewhere(context, page);
  await signOutEverywhere(browser, context, page);
});

async function signIn(page) {
  await page.getByLabel("E-mail").fill("ada@example.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

async function deleteTheToken(context, page) {
  step("Ada deletes her token, after a second thought");
  await page.goto(server + SETTINGS);
  const token = await generate(page);
  const { delete: opener, deleteSure, status, field, generate: button } = card(page);
  const dialog = page.getByRole("alertdialog", { name: "Delete your token?" });
  await opener.click();
  await dialog.waitFor();
  assert.deepEqual(await dialog.getByRole("button").allInnerTexts(), ["Cancel", "Delete Token"]);
  assert.ok(await deleteSure.cancel.evaluate((cancel) => cancel === document.activeElement));
  await screenshot(page, "delete-dialog");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  await assertLive(token);

  await opener.click();
  await deleteSure.confirm.click();
  await reads(status, "API token deleted.");
  await assertDead(token);
  await screenshot(page, "deleted");
  assert.equal(await field.isVisible(), false);
  assert.ok(await button.evaluate((element) => element === document.activeElement));
  await reads(page.locator("[data-history] tbody td").first(), "Token 1 revoked by you");

  await assertLive(await generate(page));
  assert.deepEqual((await history(context)).map((event) => event.type),
    ["TokenGenerated", "TokenRevoked", "TokenGenerated"]);
}

async function followADeepLink(context, page) {
  step("Signed out, she follows links to pages and arrives there");
  for (const path of ["/admin", `${SETTINGS}/regenerate`, SETTINGS]) {
    await context.clearCookies();
    await page.goto(server + path);
    await arrives(page, "/sign-in");
    await signIn(page);
    await arrives(page, path);
  }
}

async function actAfterTheSessionEnded(context, page) {
  step("She signs out in one tab; the other asks her to sign in, and comes back");
  const other = await context.newPage();
  await other.goto(server + SETTINGS);
  const before = (await history(context)).length;
  await other.getByRole("button", { name: "Sign out", exact: true }).click();
  await arrives(other, "/sign-in");
  await other.goto(server + SETTINGS);
  await arrives(other, "/sign-in");
  await other.close();

  await card(page).regenerate.click();
  await card(page).sure.confirm.click();
  await arrives(page, "/sign-in");
  await signIn(page);
  await arrives(page, SETTINGS);
  assert.equal((await history(context)).length, before);
}

async function refuseToLeadElsewhere(context, page) {
  step("A link to sign in with a way back to another host leads home");
  for (const next of ELSEWHERE) {
    await page.goto(`${server}/sign-in?next=${encodeURIComponent(next)}`);
    await arrives(page, HOME);
  }
  for (const next of ELSEWHERE.slice(0, 3)) {
    await context.clearCookies();
    await page.goto(`${server}/sign-in?next=${encodeURIComponent(next)}`);
    await signIn(page);
    await arrives(page, HOME);
  }
  await context.clearCookies();
  await page.goto(`${server}/sign-in`);
  await page.locator("[name=next]").evaluate((field) => { field.value = "//evil.test/"; });
  await signIn(page);
  await arrives(page, HOME);
}

async function signOutEverywhere(browser, context, page) {
  step("She signs out everywhere; her token is not touched");
  const { token } = await (await context.request.post(`${server}/v1/user/api-token`)).json();
  const phone = await open(browser);
  await phone.request.post(`${server}/v1/session`, { data: { email: "ada@example.test", password: PASSWORD } });
  const elsewhere = await phone.newPage();
  await elsewhere.goto(server + SETTINGS);
  await page.goto(server + SETTINGS);
  await page.getByRole("button", { name: "Sign out everywhere" }).click();
  await arrives(page, "/sign-in");
  await page.goto(server + SETTINGS);
  await arrives(page, "/sign-in");

  await elsewhere.bringToFront();
  await card(elsewhere).regenerate.click();
  await card(elsewhere).sure.confirm.click();
  await arrives(elsewhere, "/sign-in");
  await elsewhere.goto(server + SETTINGS);
  await arrives(elsewhere, "/sign-in");
  await assertLive(token);
}
