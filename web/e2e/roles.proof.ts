/// What each role sees and can do, and what befalls who is moderated: at once, without a reload.

import type { Locator } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import type { People, Person } from "./support/people.js";
import { PLACES } from "./support/places.js";
import type { Place } from "./support/place.js";
import { proof } from "./support/proof.js";
import { NOT_FOR_ONE } from "./support/watch.js";

interface Court {
  readonly id: string;
  readonly owner: Person;
  readonly moderator: Person;
  readonly member: Person;
}

async function court(people: People, place: Place): Promise<Court> {
  const [owner, moderator, member] = await Promise.all([
    people.person(place, "Olga Owner"),
    people.person(place, "Mo Moderator"),
    people.person(place, "Mem Member"),
  ]);
  const id = await owner.caller.room("Court", "public");
  await moderator.caller.join(id);
  await member.caller.join(id);
  await owner.caller.ask("POST", `/v1/rooms/${id}/role`, { user: moderator.id, role: "moderator" });
  return { id, owner, moderator, member };
}

/** What one may do to somebody, by the menu in the list of members. */
async function offered(room: Room, name: string): Promise<readonly string[]> {
  const members = await room.openMembers();
  const row = members.getByRole("listitem").filter({ hasText: name });
  await row.waitFor();
  await row.getByRole("button", { name: `What to do with ${name}` }).click();
  await room.page.getByRole("menuitem").first().waitFor();
  const items = await room.page.getByRole("menuitem").allTextContents();
  await room.page.keyboard.press("Escape");
  return items.map((item) => item.trim()).filter((item) => item !== "Message");
}

/** What one may do with a message, by its menu. */
async function commands(room: Room, seq: number): Promise<readonly string[]> {
  await room.bySeq(seq).waitFor();
  await room.press(room.bySeq(seq), "More");
  await room.page.getByRole("menuitem").first().waitFor();
  const items = await room.page.getByRole("menuitem").allTextContents();
  await room.page.keyboard.press("Escape");
  return items.map((item) => item.trim());
}

async function moderate(room: Room, members: Locator, name: string, act: string): Promise<void> {
  await members.getByRole("button", { name: `What to do with ${name}` }).click();
  await room.page.getByRole("menuitem", { name: act, exact: true }).click();
  await room.page.getByRole("dialog").getByRole("button", { name: act, exact: true }).click();
}

describe.each(PLACES)("roles, $kind", (place) => {
  proof("offer what they allow, and nothing else", async (people) => {
    const { id, owner, moderator, member } = await court(people, place);
    const said = await member.caller.say(id, "Objection");
    const [owners, moderators, members] = [new Room(owner.page), new Room(moderator.page), new Room(member.page)];
    await Promise.all([owners.open(id), moderators.open(id), members.open(id)]);
    expect(await offered(owners, "Mem Member")).toEqual([
      "Make moderator",
      "Hand the room over",
      "Mute",
      "Kick",
      "Ban",
    ]);
    expect(await offered(moderators, "Mem Member")).toEqual(["Mute", "Kick", "Ban"]);
    expect(await offered(members, "Olga Owner")).toEqual([]);
    for (const room of [owners, moderators, members]) expect(await commands(room, said)).toContain("Delete");
    expect(await commands(members, said)).toContain("Edit");
    expect(await commands(owners, said)).not.toContain("Edit");
    const ruling = await owner.caller.say(id, "Order!");
    expect(await commands(members, ruling)).not.toContain("Delete");
    expect(await commands(members, ruling)).not.toContain("Edit");
  });

  proof("silence who is muted, and let nobody in who is banned", async (people) => {
    const { id, moderator, member } = await court(people, place);
    member.watch.expect(NOT_FOR_ONE);
    const [moderators, members] = [new Room(moderator.page), new Room(member.page)];
    await Promise.all([moderators.open(id), members.open(id)]);
    const list = await moderators.openMembers();
    await moderate(moderators, list, "Mem Member", "Mute");
    await list.getByText("Mem Member").nth(1).waitFor();
    await members.say("I can't be heard");
    await members.page.getByRole("alert").getByText(/muted/i).first().waitFor();
    expect(await moderators.messages.getByText("I can't be heard").count()).toBe(0);
    await list.getByRole("button", { name: "Unmute" }).click();
    await expect.poll(() => list.getByRole("button", { name: "Unmute" }).count()).toBe(0);
    await members.pending.getByRole("button", { name: "Try again" }).click();
    await moderators.saying("I can't be heard").waitFor();
    await expect.poll(() => members.pending.count()).toBe(0);
    await moderate(moderators, list, "Mem Member", "Ban");
    await member.page.getByText("You are banned from this room").waitFor();
    await member.page.reload();
    await member.page
      .getByText("This room can't be shown")
      .or(member.page.getByText("You are banned from this room"))
      .first()
      .waitFor();
  });

  proof("take away from who is kicked what only members may, until they join again", async (people) => {
    const { id, moderator, member } = await court(people, place);
    const [moderators, members] = [new Room(moderator.page), new Room(member.page)];
    await Promise.all([moderators.open(id), members.open(id)]);
    const list = await moderators.openMembers();
    await moderate(moderators, list, "Mem Member", "Kick");
    await moderator.page.getByText("Mem Member was kicked.").waitFor();
    const join = member.page.getByRole("button", { name: "Join to write" });
    await join.waitFor();
    expect(await members.composer.count()).toBe(0);
    await moderator.caller.say(id, "Read on all the same");
    await members.message("Read on all the same").waitFor();
    await join.click();
    await members.say("Back again");
    await moderators.message("Back again").waitFor();
  });

  proof("pass the room on to another, who may then do what the owner could", async (people) => {
    const { id, owner, member } = await court(people, place);
    const [owners, members] = [new Room(owner.page), new Room(member.page)];
    await Promise.all([owners.open(id), members.open(id)]);
    const list = await owners.openMembers();
    await list.getByRole("button", { name: "What to do with Mem Member" }).click();
    await owner.page.getByRole("menuitem", { name: "Hand the room over" }).click();
    const dialog = owner.page.getByRole("dialog", { name: "Hand over: Mem Member" });
    await dialog.getByRole("button", { name: "Hand over", exact: true }).click();
    await owner.page.getByText("Mem Member owns the room now.").waitFor();
    await list.getByRole("listitem").filter({ hasText: "Mem Member" }).getByText("owner", { exact: true }).waitFor();
    await members.about("About this room");
    const about = member.page.getByRole("dialog", { name: "About this room" });
    await about.getByLabel("Topic").fill("Under new rule");
    await about.getByRole("button", { name: "Save" }).click();
    await owner.page.getByText("Under new rule").first().waitFor();
    await owners.about("About this room");
    expect(await owner.page.getByRole("dialog").getByLabel("Topic").count()).toBe(0);
  });

  proof("let a guest of a public room read, and write once they joined", async (people) => {
    const { id, owner } = await court(people, place);
    await owner.caller.say(id, "Hear, hear");
    const passing = await people.person(place, "Pat Passing");
    const room = new Room(passing.page);
    await passing.page.goto(`/room/${id}`);
    await room.message("Hear, hear").waitFor();
    expect(await room.composer.count()).toBe(0);
    await passing.page.getByRole("button", { name: "Join to write" }).click();
    await room.say("Here I am");
    await room.message("Here I am").waitFor();
    await new Shell(passing.page).room("Court").waitFor();
  });

  proof("hide a private room from all who were not invited", async (people) => {
    const owner = await people.person(place, "Olga Owner");
    const friend = await people.person(place, "Fay Friend");
    friend.watch.expect(NOT_FOR_ONE);
    const id = await owner.caller.room("Den", "private");
    await friend.page.goto(`/room/${id}`);
    await friend.page.getByText("This room can't be shown").waitFor();
    await owner.caller.ask("POST", `/v1/rooms/${id}/invite`, { user: friend.id });
    await friend.page.goto("/");
    await friend.page.getByRole("main").getByRole("button", { name: "Join" }).first().click();
    await new Room(friend.page).composer.waitFor();
  });
});
