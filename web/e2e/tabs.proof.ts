/// Two tabs of one browser: one person, who sees in each what they did in the other.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

describe.each(PLACES)("two tabs, $kind", (place) => {
  proof("show what was said and read in the other", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    const id = await ann.caller.room("Twins", "public");
    await bob.caller.join(id);
    const [one, other] = [new Room(ann.page), new Room(await ann.context.newPage())];
    await one.open(id);
    await one.say("From the first");
    await one.message("From the first").waitFor();
    await other.open(id);
    await other.say("From the second");
    for (const tab of [one, other]) {
      await tab.message("From the second").waitFor();
      expect(await tab.texts()).toEqual(["From the first", "From the second"]);
      expect(await tab.pending.count()).toBe(0);
    }
    await new Shell(one.page).rooms.getByRole("link", { name: "Find rooms" }).click();
    await other.page.goto("/");
    await bob.caller.say(id, "For whoever looks");
    for (const { page } of [one, other]) await unread(page, 1);
    await new Shell(one.page).room("Twins").click();
    await one.message("For whoever looks").waitFor();
    await one.page.bringToFront();
    for (const { page } of [one, other]) await unread(page, 0);
  });
});

/** Waits until the room's row says how many messages were not read. */
async function unread(page: Page, count: number): Promise<void> {
  const name = count === 0 ? "Twins" : `Twins ${count} unread`;
  await page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name, exact: true }).waitFor();
}
