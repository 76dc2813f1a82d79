/// A phone, 360 by 640: nothing is wider than the window, and one's rooms come and go by touch.

import { devices, type Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { Caller } from "./support/caller.js";
import { ADMIN } from "./support/place.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { furnish, openView, VIEWS } from "./support/views.js";

const PHONE = { ...devices["Galaxy S5"], viewport: { width: 360, height: 640 }, screen: { width: 360, height: 640 } };
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);

describe("on a phone", () => {
  const place = placeOf("embedded");

  proof("nothing is wider than the window", async (people) => {
    const stranger = await people.visitor(place, PHONE);
    await new SignIn(stranger.page).open();
    await expectNoOverflow(stranger.page, "signing in");
    const keeper = await people.signedIn(place, ADMIN.username, PHONE);
    const at = await furnish(keeper.caller, (await Caller.register(place.url, LONG.slice(0, 64))).caller);
    await keeper.caller.say(at.room, LONG);
    await keeper.caller.say(at.room, `\`\`\`\n${LONG}\n\`\`\``);
    for (const view of VIEWS) {
      await openView(keeper.page, view, at);
      await expectNoOverflow(keeper.page, view.name);
    }
  });

  proof("one's rooms are a drawer that opens and closes by touch", async (people) => {
    const ann = await people.person(place, "Ann", PHONE);
    const id = await ann.caller.room("Pocket", "public");
    const room = new Room(ann.page);
    await room.open(id);
    const shell = new Shell(ann.page);
    await expect.poll(() => isInWindow(shell, "Pocket")).toBe(false);
    await ann.page.getByRole("button", { name: "Rooms", exact: true }).tap();
    await expect.poll(() => isInWindow(shell, "Pocket")).toBe(true);
    await ann.page.touchscreen.tap(350, 320);
    await expect.poll(() => isInWindow(shell, "Pocket")).toBe(false);
    await ann.page.getByRole("button", { name: "Rooms", exact: true }).tap();
    await shell.room("Pocket").tap();
    await expect.poll(() => isInWindow(shell, "Pocket")).toBe(false);
    await room.composer.tap();
    await room.composer.fill("by thumb");
    await ann.page.getByRole("button", { name: "Send", exact: true }).tap();
    await room.message("by thumb").tap();
    await room.message("by thumb").getByRole("button", { name: "More" }).tap();
    await ann.page.getByRole("menuitem", { name: "Edit" }).tap();
    await ann.page.getByLabel("Edit the message").fill("by two thumbs");
    await ann.page.getByRole("button", { name: "Save" }).tap();
    await room.message("by two thumbs").getByText("edited").waitFor();
  });
});

async function isInWindow(shell: Shell, room: string): Promise<boolean> {
  const places = await shell.room(room).evaluateAll((links) => links.map((link) => link.getBoundingClientRect().left));
  return places.some((left) => left >= 0 && left < PHONE.viewport.width);
}

/** Whatever sticks out is named. */
async function expectNoOverflow(page: Page, where: string): Promise<void> {
  const wide = await page.evaluate(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    const out = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > root.clientWidth,
    );
    return [`the page is ${root.scrollWidth} wide`, ...out.map((one) => `${one.tagName}.${one.className}`)];
  });
  expect(wide, where).toEqual([]);
}
