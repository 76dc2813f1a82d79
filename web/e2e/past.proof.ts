/// The time slider: a room as it stood at a time, after a record, after an event; played, it comes to what the room is now.

import { beforeAll, describe, expect, vi } from "vitest";
import { Past } from "./pages/past.js";
import { Room } from "./pages/room.js";
import { type Account, Caller, field, number, type Recorded } from "./support/caller.js";
import type { Place } from "./support/place.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

/** A room with a history: what was said first and edited later, what was said and deleted, another topic. */
interface Garden {
  readonly id: string;
  readonly owner: Account;
  readonly member: Account;
  /** The message that was edited later. */
  readonly plan: number;
  /** The last event before anything changed. */
  readonly before: Recorded;
  readonly edit: Recorded;
  /** The message that was deleted later. */
  readonly slip: number;
  /** What was said last. */
  readonly last: number;
}

async function grow(place: Place): Promise<Garden> {
  const [owner, member] = [await Caller.register(place.url, "Olga"), await Caller.register(place.url, "Mem")];
  const id = await owner.caller.room("Garden", "public", "What grows");
  await member.caller.join(id);
  const plan = await owner.caller.say(id, "We meet at sevn");
  await member.caller.react(id, plan, "👍");
  const before = await owner.caller.event(id, plan + 1);
  // A time that one types has whole seconds: what follows is of another one.
  await vi.waitUntil(() => second(Date.now()) > second(before.at));
  await owner.caller.edit(id, plan, "We meet at seven");
  const edit = await owner.caller.event(id, plan + 2);
  const slip = await member.caller.say(id, "My secret");
  await member.caller.delete(id, slip);
  await owner.caller.ask("PATCH", `/v1/rooms/${id}`, { topic: "What is eaten" });
  const last = await member.caller.say(id, "I bring bread", { reply_to: plan });
  return { id, owner, member, plan, before, edit, slip, last };
}

function second(time: number): number {
  return Math.floor(time / 1_000);
}

describe.each(PLACES)("a room's past, $kind", (place) => {
  let garden: Garden;

  beforeAll(async () => {
    garden = await grow(place);
  });

  proof("stands as it stood, at a time and after a record", async (people) => {
    const { page } = await people.signedIn(place, garden.owner.username);
    const past = new Past(page);
    await past.open(garden.id);
    const now = [
      { seq: garden.plan, text: "We meet at seven", edited: true, reactions: ["👍 1"] },
      { seq: garden.slip, text: null, edited: false, reactions: [] },
      { seq: garden.last, text: "I bring bread", edited: false, reactions: [] },
    ];
    await expect.poll(() => past.stood()).toEqual(now);
    await past.room.getByText("What is eaten").waitFor();

    const [early, late] = [{ ...now[0], text: "We meet at sevn", edited: false }, now[0]];
    await past.goTo("Time", new Date(garden.before.at).toISOString().slice(0, 19));
    await expect.poll(() => past.stood()).toEqual([early]);
    await past.room.getByText("What grows").waitFor();
    expect(await past.seq()).toBe(garden.plan + 1);
    await past.time.getByText(`partition ${garden.before.partition}, offset ${garden.before.offset}`).waitFor();

    await past.goTo("Offset", String(garden.edit.offset));
    await expect.poll(() => past.stood()).toEqual([late]);
    await past.goTo("Offset", String(garden.edit.offset - 1));
    await expect.poll(() => past.stood()).toEqual([early]);
    await past.slider.press("End");
    await expect.poll(() => past.stood()).toEqual(now);
  });

  proof("tells a deleted text to who may delete it, and to nobody else", async (people) => {
    const stranger = await Caller.register(place.url, "Sam");
    await stranger.caller.join(garden.id);
    const readers = [
      { username: garden.owner.username, text: "My secret" },
      { username: garden.member.username, text: "My secret" },
      { username: stranger.username, text: null },
    ];
    for (const { username, text } of readers) {
      const { page } = await people.signedIn(place, username);
      const past = new Past(page);
      await past.open(garden.id, garden.slip);
      await expect.poll(async () => (await past.stood()).at(-1)?.text).toBe(text);
      await past.messages.getByText("deleted since then").waitFor();
      expect(await past.messages.getByText("1 text is not shown").count()).toBe(text === null ? 1 : 0);
    }
  });

  proof("plays to what the room is now, at once and a hundred times as fast, and pauses and steps", async (people) => {
    const { page } = await people.signedIn(place, garden.owner.username);
    const room = new Room(page);
    await room.open(garden.id);
    await room.message("I bring bread").waitFor();
    const live = await room.shown();
    const past = new Past(page);
    await past.open(garden.id, 1);
    await expect.poll(() => past.stood()).toEqual([]);
    const head = number(field(await garden.owner.caller.ask("GET", `/v1/rooms/${garden.id}`), "head"), "seq");

    await past.press("Play");
    await past.messages.getByText("We meet at sevn").waitFor();
    await past.press("Pause");
    const paused = await past.seq();
    expect(paused).toBeLessThan(head);
    // The path follows where one has come to rest, and only there.
    await page.waitForURL((url) => url.searchParams.get("seq") === String(paused));
    await past.press("One event forward");
    expect(await past.seq()).toBe(paused + 1);
    await past.press("One event back");
    await past.press("One event back");
    expect(await past.seq()).toBe(paused - 1);

    for (const times of [1, 100]) {
      await past.slider.press("Home");
      await expect.poll(() => past.seq()).toBe(1);
      await past.speed(times);
      await past.press("Play");
      await past.time.getByRole("button", { name: "Play from the beginning" }).waitFor();
      expect(await past.seq()).toBe(head);
      expect((await past.stood()).map(({ seq, text }) => ({ seq, text: text ?? "" }))).toEqual(live);
    }
    await past.page.getByText("What happened", { exact: true }).waitFor();
    await past.page.getByText(`edits message ${garden.plan}: We meet at seven`).waitFor();
  });
});
