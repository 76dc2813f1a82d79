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
    const last = await keeper.caller.say(at.room, `\`\`\`\n${LONG}\n\`\`\``);
    for (const view of VIEWS) {
      await openView(keeper.page, view, view.name === "past" ? { ...at, seq: last } : at);
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

/** A panel that slides in may stick out while it does. */
async function expectNoOverflow(page: Page, where: string): Promise<void> {
  await expect.poll(() => overflowOf(page), { message: where }).toEqual([]);
}

/** Whatever sticks out, by name. */
function overflowOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(() => {
    const called = (one: Element): string => `${one.tagName}.${one.className}`;
    const root = document.documentElement;
    const all = [...document.querySelectorAll("body *")];
    // What scrolls sideways or cuts off without being meant to: code and tables scroll, names end in "…".
    const meant = "pre, [role=group][tabindex], .unseen, .skeleton, :is(.bar, svg) *";
    const inside = all.filter((one) => {
      const { overflowX, textOverflow } = getComputedStyle(one);
      if (overflowX === "visible" || textOverflow === "ellipsis" || one.matches(meant)) return false;
      return one.scrollWidth > one.clientWidth + 1;
    });
    const found = inside.map((one) => `${called(one)} is ${one.scrollWidth} wide inside, not ${one.clientWidth}`);
    if (root.scrollWidth <= root.clientWidth) return found;
    const out = all.filter((one) => one.getBoundingClientRect().right > root.clientWidth);
    return [...found, `the page is ${root.scrollWidth} wide`, ...out.map(called)];
  });
}
