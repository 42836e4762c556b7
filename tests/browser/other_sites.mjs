// Pages of other sites, opened in Ada's browser while she is signed in. None of them can act for her.
//
// 127.0.0.1 on another port is another origin of the same site: the browser sends her cookie along. For
// localhost, another site, it keeps a `Lax` cookie back.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import {
  SETTINGS, admit, assertLive, claim, eventually, history, open, server, step, tell,
} from "./lib.mjs";

await tell(async (browser) => {
  const context = await open(browser);
  const { id: ada } = await claim(context);
  const grace = await admit(context, await open(browser), "grace@example.test");
  const { origins, close } = await otherSites();
  // Not watched: these pages are not ours.
  const visitor = await browser.newContext({ storageState: await context.storageState() });

  step("Before there is a token");
  for (const origin of origins) {
    await sendForms(visitor, origin, [[`${SETTINGS}/generate`, { tag: "none" }], ["/v1/user/api-token", {}]]);
    await sendScripted(visitor, origin);
  }
  assert.deepEqual(await history(context), []);

  step("With a live token");
  const created = await context.request.post(`${server}/v1/user/api-token`);
  const { token: secret } = await created.json();
  for (const origin of origins) {
    await sendForms(visitor, origin, actions(ada, grace));
    await sendScripted(visitor, origin);
    await frame(visitor, origin);
  }
  await sendFromNowhere(visitor, origins[0]);
  assert.equal((await history(context)).length, 1);
  await assertLive(secret);
  const { data: users } = await (await context.request.get(`${server}/v1/admin/users`)).json();
  assert.deepEqual(users.map(({ locked }) => locked), [false, false], "someone is locked");
  close();
});

// A server whose page at `/` is whatever its query says.
async function otherSites() {
  const site = createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://other");
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>other</title>${searchParams.get("html") ?? ""}`);
  });
  await new Promise((resolve) => { site.listen(0, "127.0.0.1", resolve); });
  const { port } = site.address();
  return {
    origins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`],
    close: () => { site.close(); site.closeAllConnections(); },
  };
}

// Everything that a form can ask for.
function actions(ada, grace) {
  const tag = "1";
  return [
    [`${SETTINGS}/generate`, { tag }],
    [`${SETTINGS}/regenerate`, { tag }],
    [`${SETTINGS}/delete`, { tag }],
    ["/v1/user/api-token", {}],
    ["/v1/user/api-token/regenerate", {}],
    [`/admin/users/${grace}/lock`, {}],
    [`/admin/users/${ada}/revoke-token`, {}],
    ["/sign-out-everywhere", {}],
    ["/sign-out", {}],
  ];
}

function other(origin, html) {
  return `${origin}/?html=${encodeURIComponent(html)}`;
}

async function sendForms(visitor, origin, actions) {
  const opened = await visitor.newPage();
  for (const [path, fields] of actions) {
    const enctype = path.startsWith("/v1/") ? "text/plain" : "application/x-www-form-urlencoded";
    const inputs = Object.entries(fields).map(([name, value]) => `<input name="${name}" value="${value}">`);
    const form = `<form method="post" action="${server}${path}" enctype="${enctype}">${inputs}</form>`;
    const [answer] = await Promise.all([
      opened.waitForResponse((response) => response.url() === server + path),
      opened.goto(other(origin, `${form}<script>document.forms[0].submit()</script>`)),
    ]);
    const said = `${origin} ${path}: ${answer.status()}`;
    assert.equal(answer.status(), 403, said);
    const cookie = (await answer.request().allHeaders()).cookie ?? "";
    assert.equal(cookie.includes("symbolon_session"), origin.includes("127.0.0.1"), `${said} with ${cookie}`);
  }
  await opened.close();
}

// What a script can send without being asked for permission, and what it must ask for.
async function sendScripted(visitor, origin) {
  const opened = await visitor.newPage();
  await opened.goto(other(origin, ""));
  const outcomes = await opened.evaluate(async ([base, settings]) => {
    const paths = ["/v1/user/api-token", "/v1/user/api-token/regenerate", `${settings}/generate`, `${settings}/regenerate`];
    const said = [];
    for (const path of paths) {
      const body = new URLSearchParams({ tag: "1" });
      const blind = await fetch(base + path, { method: "POST", mode: "no-cors", credentials: "include", body });
      said.push(blind.type);
      for (const method of ["GET", "POST", "DELETE"]) {
        const asked = fetch(base + path, { method, credentials: "include", headers: { "if-match": "*" } });
        said.push(await asked.then(() => "readable", () => "refused"));
      }
    }
    return [...new Set(said)].sort();
  }, [server, SETTINGS]);
  assert.deepEqual(outcomes, ["opaque", "refused"]);
  await opened.close();
}

async function frame(visitor, origin) {
  for (const path of [SETTINGS, `${SETTINGS}/regenerate`]) {
    const opened = await visitor.newPage();
    await opened.goto(other(origin, `<iframe src="${server}${path}"></iframe>`));
    await isRefused(opened);
    await opened.close();
  }
}

// A form in a sandboxed frame has the origin `null`.
async function sendFromNowhere(visitor, origin) {
  const path = "/v1/user/api-token/regenerate";
  const form = `<form method='post' action='${server}${path}'></form>`;
  const opened = await visitor.newPage();
  await opened.goto(other(origin, `<iframe sandbox="allow-forms allow-scripts" srcdoc="${form}"></iframe>`));
  const [sent] = await Promise.all([
    opened.waitForRequest((request) => request.url() === server + path),
    opened.frameLocator("iframe").locator("form").evaluate((element) => { element.submit(); }),
  ]);
  const headers = await sent.allHeaders();
  assert.equal(headers.origin, "null");
  await isRefused(opened);
  await opened.close();
}

// Nothing of ours is shown in the frame of this page.
async function isRefused(opened) {
  const inner = await eventually(() => {
    const [, frame] = opened.frames();
    assert.match(frame.url(), /^chrome-error:/, "the page is shown in a frame");
    return frame;
  });
  assert.equal(await inner.locator("header, [data-card]").count(), 0);
}
