/// Two people who chat: each sees what both say, in the log's order, once; and all that happens to it.

import type { Locator } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import type { People, Person } from "./support/people.js";
import type { Place } from "./support/place.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

interface Pair {
  readonly id: string;
  readonly ann: Person;
  readonly bob: Person;
  readonly hers: Room;
  readonly his: Room;
}

/** Two members of a new room, both in it. */
async function pair(people: People, place: Place): Promise<Pair> {
  const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
  const id = await ann.caller.room("Kitchen", "public", "What we cook");
  await bob.caller.join(id);
  const [hers, his] = [new Room(ann.page), new Room(bob.page)];
  await Promise.all([hers.open(id), his.open(id)]);
  return { id, ann, bob, hers, his };
}

/** Which of a message's tools can't be pressed at each of their corners. */
function coveredTools(message: Locator): Promise<readonly string[]> {
  return message.locator(".tools button").evaluateAll((buttons) => {
    if (buttons.length === 0) return ["there are none"];
    return buttons.flatMap((button) => {
      const { left, right, top, bottom } = button.getBoundingClientRect();
      const corners = [left + 3, right - 3].flatMap((x) => [top + 3, bottom - 3].map((y) => ({ x, y })));
      const covered = corners.filter(({ x, y }) => !button.contains(document.elementFromPoint(x, y)));
      return covered.map(({ x, y }) => `${button.getAttribute("aria-label") ?? ""} at ${x}, ${y}`);
    });
  });
}

describe.each(PLACES)("two people, $kind", (place) => {
  proof("see both, in the same order, each message once", async (people) => {
    const { hers, his } = await pair(people, place);
    const said = Array.from({ length: 6 }, (_, index) => `${index % 2 === 0 ? "Ann" : "Bob"} says ${index}`);
    // Without waiting for each other: the log orders them, and both must show its order.
    const speak = async (room: Room, mine: string): Promise<void> => {
      for (const text of said.filter((one) => one.startsWith(mine))) await room.say(text);
    };
    await Promise.all([speak(hers, "Ann"), speak(his, "Bob")]);
    for (const room of [hers, his]) await expect.poll(() => room.texts()).toHaveLength(said.length);
    const shown = await hers.shown();
    expect(await his.shown()).toEqual(shown);
    expect(shown.map(({ text }) => text).toSorted()).toEqual(said.toSorted());
    expect(shown.map(({ seq }) => seq)).toEqual(shown.map(({ seq }) => seq).toSorted((a, b) => a - b));
    expect(await hers.pending.count()).toBe(0);
  });

  proof("see who is there and who is writing", async (people) => {
    const { ann, bob, hers, his } = await pair(people, place);
    const members = await hers.openMembers();
    await members.getByText("2 people here now").waitFor();
    await his.composer.pressSequentially("Let me think");
    await ann.page.getByText("Bob is typing…").waitFor();
    await his.composer.press("Enter");
    await hers.message("Let me think").waitFor();
    expect(await ann.page.getByText("Bob is typing…").count()).toBe(0);
    await bob.page.close();
    await members.getByText("1 person here now").waitFor();
  });

  proof("see reactions, edits, deletions and replies of each other", async (people) => {
    const { hers, his, ann, bob } = await pair(people, place);
    await hers.say("Shall we cook?");
    await hers.say("Tonihgt");
    // What comes while he points at a message would take another one under the pointer.
    await his.message("Tonihgt").waitFor();
    await his.react(his.message("Shall we cook?"), "thumbs up");
    const reaction = hers.message("Shall we cook?").getByRole("button", { name: "👍, 1 person" });
    await reaction.click();
    await his.message("Shall we cook?").getByRole("button", { name: "👍, 2 people" }).waitFor();

    await hers.choose(hers.message("Tonihgt"), "Edit");
    await ann.page.getByLabel("Edit the message").fill("Tonight");
    await ann.page.getByRole("button", { name: "Save" }).click();
    await his.message("Tonight").getByText("edited").waitFor();

    await his.press(his.message("Shall we cook?"), "Reply");
    await his.say("Yes!");
    await hers
      .message("Yes!")
      .getByRole("button", { name: /Ann Shall we cook/ })
      .waitFor();
    await hers.message("Shall we cook?").getByRole("button", { name: "1 reply" }).click();
    await hers.panel("Thread").getByText("Yes!").waitFor();

    const last = await his.message("Yes!").getAttribute("data-seq");
    await his.choose(his.message("Yes!"), "Delete");
    await bob.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await hers.bySeq(Number(last)).getByText("This message was deleted.").waitFor();
    expect(await hers.messages.getByText("Yes!").count()).toBe(0);
  });

  proof("see the whole of what a message offers, wherever it stands", async (people) => {
    const { hers, ann, id } = await pair(people, place);
    const long = Array.from({ length: 40 }, (_, line) => `line ${line}`).join("\n");
    for (const text of ["first", long, "second", "third", "last"]) await ann.caller.say(id, text);
    await hers.message("last").waitFor();
    // The long one reaches out of the window, and the list ends at the last one.
    for (const text of ["first", "line 39", "second", "third", "last"]) {
      await hers.message(text).hover();
      await expect.poll(() => coveredTools(hers.message(text)), { message: text }).toEqual([]);
    }
  });

  proof("see what they have not read, and who means them", async (people) => {
    const { ann, bob, hers, id } = await pair(people, place);
    await hers.say("Read this");
    await hers.message("Read this").waitFor();
    // While he is in the room, what comes is read.
    await expect.poll(async () => (await bob.caller.mine(id)).unread).toBe(0);
    const elsewhere = new Shell(bob.page);
    await elsewhere.rooms.getByRole("link", { name: "Find rooms" }).click();
    await ann.caller.say(id, "One more");
    await bob.page.getByRole("link", { name: "Kitchen 1 unread", exact: true }).waitFor();
    await expect.poll(() => bob.page.title()).toMatch(/^• /);
    await ann.caller.say(id, `@${bob.username} this is for you`, { mentions: [bob.id] });
    await bob.page.getByRole("link", { name: "Kitchen 1 mention 2 unread", exact: true }).waitFor();
    await expect.poll(() => bob.page.title()).toMatch(/^\(1\) /);
    await elsewhere.room("Kitchen").click();
    await new Room(bob.page).message("this is for you").waitFor();
    await expect.poll(() => bob.page.title()).toBe("Kitchen · Roomlog");
  });
});
