/// The keyboard alone: from an account to ending the room, without a pointer ever moving.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { SignIn } from "./pages/sign-in.js";
import { PASSWORD } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

/** More presses of Tab than any view has stops. */
const MOST_STOPS = 80;

describe("the keyboard alone", () => {
  const place = placeOf("embedded");

  proof(
    "signs up, makes a room, speaks, edits, reacts, replies, searches, and comes to what ends the room",
    async (people) => {
      const { page } = await people.visitor(place);
      const { keyboard } = page;
      await new SignIn(page).open();
      await tabTo(page, "Make an account");
      await keyboard.press("Enter");
      await tabTo(page, "Username");
      await keyboard.type(`keys${Date.now().toString(36)}`);
      await tabTo(page, "Password");
      await keyboard.type(PASSWORD);
      await keyboard.press("Enter");
      await page.getByRole("heading", { name: "Find rooms" }).waitFor();

      await tabTo(page, "New room");
      await keyboard.press("Enter");
      await page.getByRole("dialog", { name: "New room" }).waitFor();
      await keyboard.type("Keys alone");
      await keyboard.press("Enter");
      const room = new Room(page);
      await page.getByRole("heading", { level: 1, name: "Keys alone" }).waitFor();
      await expectFocus(page, /^Message /);

      await keyboard.type("A first line");
      await keyboard.press("Enter");
      await room.message("A first line").waitFor();
      await keyboard.press("ArrowUp");
      await expectFocus(page, /^Edit the message/);
      await keyboard.type(", made longer");
      await keyboard.press("Enter");
      await room.message("A first line, made longer").getByText("edited").waitFor();
      await expectFocus(page, /^Message /);

      const message = room.message("A first line");
      await tabTo(page, /^keys/, "Shift+Tab");
      await keyboard.press("+");
      await expectFocus(page, /^Find an emoji/);
      await keyboard.type("tada");
      await page
        .getByRole("dialog", { name: "Emoji" })
        .getByRole("button", { name: /party|tada/i })
        .first()
        .waitFor();
      await keyboard.press("Enter");
      await message.getByRole("button", { name: /1 person$/ }).waitFor();

      await tabTo(page, /^keys/, "Shift+Tab");
      await keyboard.press("r");
      await expectFocus(page, /^Message /);
      await keyboard.type("An answer to it");
      await keyboard.press("Enter");
      await room
        .message("An answer to it")
        .getByRole("button", { name: /A first line/ })
        .waitFor();

      await tabTo(page, /^keys/, "Shift+Tab");
      await keyboard.press("/");
      await expect.poll(() => typeOfFocus(page)).toBe("search");
      await keyboard.type("longer");
      await page.locator("mark").first().waitFor();
      await keyboard.press("Escape");
      await keyboard.press("Escape");

      await tabTo(page, "More about the room", "Shift+Tab");
      await keyboard.press("Enter");
      await expectFocus(page, /^About this room/);
      await keyboard.press("Enter");
      const about = page.getByRole("dialog", { name: "About this room" });
      await about.waitFor();
      await tabTo(page, /^Delete/);
      await keyboard.press("Enter");
      await expect.poll(() => about.textContent()).toMatch(/sure|really|gone|Nobody/i);
    },
  );
});

/** Presses Tab until something of this name has the focus. */
async function tabTo(page: Page, name: string | RegExp, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop += 1) {
    const focused = await nameOfFocus(page);
    if (typeof name === "string" ? focused.startsWith(name) : name.test(focused)) return;
    passed.push(focused);
    await page.keyboard.press(key);
  }
  throw new Error(`Tab never came to ${String(name)}; it came to: ${passed.join(" | ")}`);
}

async function expectFocus(page: Page, name: RegExp): Promise<void> {
  await expect.poll(() => nameOfFocus(page)).toMatch(name);
}

function typeOfFocus(page: Page): Promise<string | null> {
  return page.evaluate(() => document.activeElement?.getAttribute("type") ?? null);
}

/** What a screen reader would say of it, near enough: its label, else what it shows. */
function nameOfFocus(page: Page): Promise<string> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    if (focused === null) return "";
    const label = focused.getAttribute("aria-label");
    if (label !== null) return label;
    const { labels } = focused instanceof HTMLInputElement ? focused : { labels: null };
    return (labels?.[0]?.textContent ?? focused.textContent).trim();
  });
}
