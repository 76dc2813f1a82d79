/// For whoever asked for less motion nothing moves by itself, whatever opens and closes; for everybody else something does,
/// or this would prove nothing.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import type { People } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

declare global {
  /** What was seen to move, each once. */
  var moved: Set<string> | undefined;
}

/** Looks at every frame from a page's next load on. */
async function watchMotion(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const moved = new Set<string>();
    globalThis.moved = moved;
    const look = (): void => {
      for (const animation of document.getAnimations()) {
        // One that is over with its first frame is none for the eye: the rule for less motion shortens all to that.
        const { duration } = animation.effect?.getComputedTiming() ?? {};
        if (animation.playState !== "running" || Number(duration) <= 1) continue;
        const { target } = animation.effect instanceof KeyframeEffect ? animation.effect : {};
        moved.add(target instanceof Element ? `${target.tagName}.${target.getAttribute("class") ?? ""}` : "something");
      }
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
}

/** Opens and closes what a room has, and answers what moved. */
async function walk(people: People, reducedMotion: "reduce" | "no-preference"): Promise<readonly string[]> {
  const ann = await people.person(placeOf("embedded"), "Ann", { reducedMotion });
  const id = await ann.caller.room("Quiet", "public");
  const { page } = ann;
  await watchMotion(page);
  const room = new Room(page);
  await room.open(id);
  await room.say("Softly");
  await room.message("Softly").waitFor();
  const members = await room.openMembers();
  await members.getByText("1 person here now").waitFor();
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await room.panel("Search").waitFor();
  await room.choose(room.message("Softly"), "Open thread");
  await room.panel("Thread").getByText("No replies yet").waitFor();
  await room.choose(room.message("Softly"), "Receipt");
  await page
    .getByRole("dialog", { name: /^Receipt/ })
    .getByText("Digest", { exact: true })
    .waitFor();
  await page.keyboard.press("Escape");
  await room.react(room.message("Softly"), "thumbs up");
  await room.choose(room.message("Softly"), "Seen by");
  await page.getByRole("dialog", { name: "Seen by" }).getByText("Nobody else yet").waitFor();
  await page.keyboard.press("Escape");
  await new Shell(page).choose("Keyboard shortcuts");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  // A message that is jumped to is marked for a while.
  await room.open(id, await ann.caller.say(id, "Marked"));
  await room.message("Marked").waitFor();
  return page.evaluate(() => [...(globalThis.moved ?? [])]);
}

describe("less motion", () => {
  proof("keeps everything still", async (people) => {
    expect(await walk(people, "reduce")).toEqual([]);
    expect(await walk(people, "no-preference")).not.toEqual([]);
  });
});
