/// Reloading in the middle of a conversation, and writing before a room has opened: nothing is lost, nothing shown twice.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { PLACES } from "./support/places.js";
import { proof } from "./support/proof.js";

describe.each(PLACES)("reloading, $kind", (place) => {
  proof("in the middle of a conversation loses nothing and shows nothing twice", async (people) => {
    const ann = await people.person(place, "Ann");
    const bob = await people.person(place, "Bob");
    const id = await ann.caller.room("Harbour", "open");
    const hers = new Room(ann.page);
    await hers.open(id);
    const said: string[] = [];
    const talking = new AbortController();
    const talk = (async () => {
      while (!talking.signal.aborted) {
        const text = `wave ${said.length}`;
        await bob.caller.say(id, text);
        said.push(text);
      }
    })();
    try {
      for (const least of [3, 6, 9]) {
        await expect.poll(() => said.length).toBeGreaterThan(least);
        // What she says on the way out is kept by the log or said to be unsent, but never twice.
        await hers.say(`Ann ${least}`);
        await hers.message(`Ann ${least}`).waitFor();
        await ann.page.reload();
        await hers.composer.waitFor();
      }
    } finally {
      talking.abort();
      await talk;
    }
    const all = [...said, "Ann 3", "Ann 6", "Ann 9"];
    await hers.saying(`wave ${said.length - 1}`).waitFor();
    await expect.poll(async () => (await hers.texts()).length).toBeGreaterThan(0);
    const kept = await ann.caller.texts(id);
    expect(kept.toSorted()).toEqual(all.toSorted());
    const shown = await hers.texts();
    expect(shown).toEqual(kept.slice(-shown.length));
  });

  proof("shows what one writes before the room has opened, and says it then", async (people) => {
    const ann = await people.person(place, "Ann");
    const id = await ann.caller.room("Ferry", "public");
    let away = true;
    await ann.page.routeWebSocket("**/v1/ws", (socket) => {
      if (away) void socket.close();
      else socket.connectToServer();
    });
    const room = new Room(ann.page);
    await ann.page.goto(`/room/${id}`);
    for (const text of ["Am I heard?", "Not yet"]) await room.say(text);
    await expect.poll(() => room.pending.count()).toBe(2);
    expect(await ann.caller.texts(id)).toEqual([]);
    away = false;
    for (const text of ["Am I heard?", "Not yet"]) await room.saying(text).waitFor();
    expect(await room.pending.count()).toBe(0);
    expect(await ann.caller.texts(id)).toEqual(["Am I heard?", "Not yet"]);
  });
});
