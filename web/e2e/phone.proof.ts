/// A phone, 360 by 640: nothing is wider than the window or too small for a thumb, a room opens at its end, and one's rooms
/// come and go by touch.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { Caller } from "./support/caller.js";
import { ADMIN } from "./support/place.js";
import { LOOKS } from "./support/looks.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { furnish, openView, OVERLAYS, VIEWS } from "./support/views.js";

const PHONE = LOOKS.phone;
/** What a thumb meets, pixels high; less where it stands among what people say. */
const LEAST_TARGET = 40;
const LEAST_AMONG_WORDS = 30;
const LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft".repeat(2);

describe("on a phone", () => {
  const place = placeOf("embedded");

  proof("nothing is wider than the window or too small for a thumb", async (people) => {
    const stranger = await people.visitor(place, PHONE);
    await new SignIn(stranger.page).open();
    await expectNoOverflow(stranger.page, "signing in");
    const keeper = await people.signedIn(place, ADMIN.username, PHONE);
    const at = await furnish(keeper.caller, (await Caller.register(place.url, LONG.slice(0, 64))).caller);
    await keeper.caller.say(at.room, LONG);
    const last = await keeper.caller.say(at.room, `\`\`\`\n${LONG}\n\`\`\``);
    const small: string[] = [];
    for (const view of [...VIEWS, ...OVERLAYS]) {
      await openView(keeper.page, view, view.name === "past" ? { ...at, seq: last } : at);
      await expectNoOverflow(keeper.page, view.name);
      small.push(...(await smallOf(keeper.page)).map((one) => `${view.name}: ${one}`));
    }
    expect(small).toEqual([]);
  });

  proof("a room opens at its end, and stays there while one writes", async (people) => {
    const ann = await people.person(place, "Ann", PHONE);
    const bea = await Caller.register(place.url, "Bea");
    const id = await ann.caller.room("Stairs", "open");
    const first = await ann.caller.say(
      id,
      "What is said is answered, and each answer is drawn lower than was thought. ".repeat(3),
    );
    for (let step = 1; step <= 12; step += 1) {
      const seq = await (step % 2 === 0 ? ann : bea).caller.say(id, `${step} `.repeat(step * 4), { reply_to: first });
      await bea.caller.react(id, seq, "🪜");
    }
    const room = new Room(ann.page);
    for (let opened = 0; opened < 3; opened += 1) {
      await room.open(id);
      await expect.poll(() => belowOf(room)).toBe(0);
    }
    await room.say("and down");
    await room.message("and down").waitFor();
    await expect.poll(() => belowOf(room)).toBe(0);
    expect(await ann.page.getByRole("button", { name: "To the latest" }).count()).toBe(0);
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

/** Pixels of messages below what is seen. */
function belowOf(room: Room): Promise<number> {
  return room.messages.evaluate((view) => Math.round(view.scrollHeight - view.scrollTop - view.clientHeight));
}

/** What is pressed and lower than a thumb needs, by name. Links within a sentence are as high as its lines. */
function smallOf(page: Page): Promise<readonly string[]> {
  return page.evaluate(
    ([target, among]) => {
      const pressed = "button, [role=tab], [role=menuitem], [role=option], summary, select, input, textarea, a[href]";
      const words = ":is(p, .text, .who, dd, small, .what) :is(a, button), .skip";
      const found: string[] = [];
      for (const one of document.querySelectorAll<HTMLElement>(pressed)) {
        if (one.matches(words) || !one.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
        // Of a box to tick, the words beside it are pressed as well; a slider is dragged along.
        const box = one.matches("[type=checkbox], [type=radio]") ? (one.closest("label") ?? one) : one;
        const { height, width } = box.getBoundingClientRect();
        const least = one.closest("article .body, .body article") !== null ? among : target;
        if (one.matches("[type=range]") || width === 0) continue;
        if (height < least)
          found.push(`${one.ariaLabel ?? one.textContent.trim()} (${one.className}) is ${height} high`);
      }
      return [...new Set(found)].slice(0, 20);
    },
    [LEAST_TARGET, LEAST_AMONG_WORDS] as const,
  );
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
    // What scrolls sideways or cuts off without being meant to: code, tables and what one types scroll, names end in "…".
    const meant = "pre, input, [role=group][tabindex], .unseen, .skeleton, :is(.bar, svg) *";
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
