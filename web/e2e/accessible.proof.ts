/// axe looks at every view and at what opens over it, in light, in dark and on a phone: it finds nothing serious.

import axe, { type AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { SignIn } from "./pages/sign-in.js";
import { Caller } from "./support/caller.js";
import { LOOKS } from "./support/looks.js";
import type { People } from "./support/people.js";
import { ADMIN } from "./support/place.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { furnish, openView, OVERLAYS, type View, VIEWS } from "./support/views.js";

const SERIOUS = ["serious", "critical"];

describe.each(["light", "dark", "phone"] as const)("accessible, %s", (look) => {
  const place = placeOf("embedded");
  const options = LOOKS[look];

  proof("where one signs in", async (people) => {
    const { page } = await people.visitor(place, options);
    const signIn = new SignIn(page);
    await signIn.open();
    expect(await seriousOf(page)).toEqual([]);
    await signIn.turn("Make an account");
    expect(await seriousOf(page)).toEqual([]);
  });

  proof("in every view", (people) => lookAt(people, VIEWS));

  proof("in what opens over a view", (people) => lookAt(people, OVERLAYS));

  async function lookAt(people: People, views: readonly View[]): Promise<void> {
    const keeper = await people.signedIn(place, ADMIN.username, options);
    const at = await furnish(keeper.caller, (await Caller.register(place.url, "Bea")).caller);
    const found: string[] = [];
    for (const view of views) {
      await openView(keeper.page, view, at);
      found.push(...(await seriousOf(keeper.page)).map((one) => `${view.name}: ${one}`));
    }
    expect(found).toEqual([]);
  }
});

/** Each in a line: the rule, and where it is broken. */
async function seriousOf(page: Page): Promise<readonly string[]> {
  const { violations, passes } = await run(page);
  expect(passes.length, "rules that were looked at").toBeGreaterThan(10);
  return violations
    .filter(({ impact }) => impact !== null && impact !== undefined && SERIOUS.includes(impact))
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ""}`));
}

async function run(page: Page): Promise<AxeResults> {
  // By the debugger: the page's policy lets nobody put a script into it.
  await page.evaluate(axe.source);
  // What is well it names by rule alone: to describe each node of that takes most of its time.
  return page.evaluate<AxeResults>('axe.run({ resultTypes: ["violations"] })');
}
