// What holds for every page in every state: no complaint of axe-core in light and dark, no sideways scrolling
// at 320 px, no inline script or style.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { screenshot, step } from "./lib.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDE = { width: 900, height: 900 };
const NARROW = { width: 320, height: 800 };

/** Judges the page as it is now, and keeps pictures of it. */
export async function judge(page, state) {
  step(state);
  // Playwright leaves empty attributes behind when it has taken a picture.
  assert.equal(await page.locator('[style]:not([style=""]), style, script:not([src])').count(), 0, "inline code");
  await page.evaluate(AXE);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await screenshot(page, `${state}-${colorScheme}`);
    const violations = await page.evaluate(async () => {
      const { violations: found } = await window.axe.run({ resultTypes: ["violations"] });
      return found.flatMap(({ id, nodes }) =>
        nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`));
    });
    assert.deepEqual(violations, [], `${state}, ${colorScheme}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(NARROW);
  await screenshot(page, `${state}-narrow`);
  const [width, inner] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.deepEqual([state, width, inner], [state, NARROW.width, NARROW.width]);
  await page.setViewportSize(WIDE);
}
