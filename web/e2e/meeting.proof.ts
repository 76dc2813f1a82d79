/// How people come together: a room that is found and joined, somebody who is written to, somebody who is invited; and how
/// one goes from one room to the next.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { Caller } from "./support/caller.js";
import { placeOf, PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

describe.each(PLACES)("people meet, $kind", (place) => {
  proof("in a room that is found by its name, joined and left again", async (people) => {
    const ann = await people.person(place, "Ann");
    const { caller } = await Caller.register(place.url, "Olga");
    const name = `Observatory ${ann.username}`;
    await caller.room(name, "public", "What is up there");
    const { page } = ann;
    await page.goto("/");
    await page.getByLabel("Find a room by the beginning of its name").fill(name.slice(0, -2));
    const found = page.getByRole("main").getByRole("listitem").filter({ hasText: name });
    await found.getByText("What is up there").waitFor();
    await found.getByRole("button", { name: "Join" }).click();
    const room = new Room(page);
    await room.say("Clear skies");
    await room.message("Clear skies").waitFor();
    await room.about("About this room");
    await page.getByRole("dialog", { name: "About this room" }).getByRole("button", { name: "Leave the room" }).click();
    await page.getByText("You left the room.").waitFor();
    await page.waitForURL("/");
    await expect.poll(() => new Shell(page).room(name).count()).toBe(0);
  });

  proof("by writing to somebody, who sees it among theirs", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    await Promise.all([ann.page.goto("/"), bob.page.goto("/")]);
    await new Shell(ann.page).rooms.getByRole("button", { name: "New direct message" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "New direct message" });
    ann.watch.expect(/said: Failed to load resource: .*404 .*\/v1\/direct\//);
    await dialog.getByLabel("Username").fill("nobody-of-that-name");
    await dialog.getByRole("button", { name: "Open" }).click();
    await dialog.getByText("Nobody has the username nobody-of-that-name.").waitFor();
    await dialog.getByLabel("Username").fill(`@${bob.username}`);
    await dialog.getByRole("button", { name: "Open" }).click();
    const hers = new Room(ann.page);
    await ann.page.getByRole("heading", { level: 1, name: "Bob" }).waitFor();
    await hers.say("Between the two of us");
    await hers.message("Between the two of us").waitFor();
    // He is told of a new room when he comes to the page again, or half a minute later.
    await bob.page.reload();
    await new Shell(bob.page).rooms.getByRole("link", { name: /^Ann.*1 unread/ }).click();
    const his = new Room(bob.page);
    await his.say("Gladly");
    await hers.message("Gladly").waitFor();
    await expect.poll(() => new Shell(bob.page).rooms.getByRole("link", { name: /unread/ }).count()).toBe(0);
  });

  proof("by an invitation into a private room, which is accepted", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    const id = await ann.caller.room("Treehouse", "private");
    const hers = new Room(ann.page);
    await hers.open(id);
    const members = await hers.openMembers();
    await members.getByRole("button", { name: "Invite" }).click();
    const dialog = ann.page.getByRole("dialog", { name: "Invite people" });
    await dialog.getByLabel("Username").fill(bob.username);
    await dialog.getByRole("button", { name: "Invite" }).click();
    await dialog.getByRole("listitem").getByText("Bob").waitFor();
    await ann.page.keyboard.press("Escape");

    await bob.page.goto("/");
    await bob.page.getByRole("link", { name: /Find rooms 1 invitation/ }).waitFor();
    const invited = bob.page.getByRole("region", { name: "You are invited" });
    await invited.getByText("Treehouse").waitFor();
    await invited.getByRole("button", { name: "Join" }).click();
    const his = new Room(bob.page);
    await his.say("What a view");
    await hers.message("What a view").waitFor();
    await members
      .getByRole("listitem")
      .filter({ hasText: `@${bob.username}` })
      .waitFor();
    expect(await bob.page.getByRole("link", { name: /invitation/ }).count()).toBe(0);
  });
});

describe("one goes from room to room", () => {
  const place = placeOf("embedded");

  proof("by typing a name, and by the list's neighbours", async (people) => {
    const { page, caller } = await people.person(place, "Ann");
    for (const name of ["Alpine club", "Boat house", "Choir"]) await caller.room(name, "public");
    await page.goto("/");
    await new Shell(page).room("Boat house").waitFor();
    await page.keyboard.press("Control+k");
    const dialog = page.getByRole("dialog", { name: "Go to a room" });
    await dialog.getByRole("combobox", { name: "Room" }).fill("hou");
    await dialog.getByText("Boat house").waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Boat house" }).waitFor();
    const order = await new Shell(page).rooms.getByRole("link").filter({ hasNotText: "Find rooms" }).allInnerTexts();
    const at = order.findIndex((name) => name.includes("Boat house"));
    await page.keyboard.press("Alt+ArrowDown");
    const below = order[(at + 1) % order.length]?.trim() ?? "";
    await page.getByRole("heading", { level: 1, name: below }).waitFor();
    await page.keyboard.press("Alt+ArrowUp");
    await page.getByRole("heading", { level: 1, name: "Boat house" }).waitFor();
  });
});
