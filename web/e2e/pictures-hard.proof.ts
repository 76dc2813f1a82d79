/// Pictures of a room that is hard to show: text from right to left, words and names that never end, emoji alone, long code,
/// many reactions, answers to answers, three digits of unread; and of what goes wrong in it: one is offline, one is muted.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { Album, PICTURED } from "./support/album.js";
import { type Account, Caller } from "./support/caller.js";
import { type Look, LOOKS } from "./support/looks.js";
import type { People, Person } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { NO_SERVER } from "./support/watch.js";

/** What the pictures of a look may weigh together. */
const MOST_BYTES = 300_000;
const LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
const LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Hohenschwangau von Waldenfels";
const EMOJI = ["👍", "❤️", "😂", "🎉", "🚀", "👀", "🙏", "🔥", "✅", "🤔", "🥳", "🐳", "🌈", "☕"];
const CODE = [
  "```",
  "SELECT room, count(*) AS said, max(appended_at) AS latest FROM history.messages WHERE deleted_at IS NULL GROUP BY room;",
  "-- and then",
  "EXPLAIN (ANALYZE, BUFFERS) SELECT 1;",
  "```",
].join("\n");
const UNREAD = 128;

interface Tower {
  readonly room: string;
  readonly owner: Account;
  /** Who looks. */
  readonly ann: Person;
  readonly leyla: Person;
}

describe("a room that is hard to show", () => {
  const place = placeOf("embedded");

  for (const look of PICTURED) {
    proof(`looks as it should online, offline and muted: ${look}`, async (people) => {
      const album = new Album();
      await shoot(await build(people, look), look, album);
      expect(album.bytes, "bytes of all pictures").toBeLessThan(MOST_BYTES);
    });
  }

  async function build(people: People, look: Look): Promise<Tower> {
    const ann = await people.person(place, "Ann-Sofie Lindqvist", LOOKS[look]);
    const leyla = await people.person(place, "ليلى منصور");
    const owner = await Caller.register(place.url, LONG_NAME.slice(0, 64));
    const dov = await Caller.register(place.url, "דוב (Dov) לוי");
    const room = await owner.caller.room("Tower of Babel", "public", `All tongues, all signs: ${LONG_WORD}`);
    const noise = await owner.caller.room(`Noise ${LONG_WORD.slice(0, 40)}`, "public");
    for (const { caller } of [ann, leyla, dov]) await caller.join(room);
    await ann.caller.join(noise);
    await Promise.all(Array.from({ length: UNREAD }, (_, index) => owner.caller.say(noise, `tick ${index}`)));
    const peer = await owner.caller.direct(ann.username);
    await owner.caller.say(peer, LONG_WORD);
    await talk(room, owner, ann, leyla, dov);
    return { room, owner, ann, leyla };
  }
});

/** What is said, so that the end of the room has something of everything. */
async function talk(room: string, owner: Account, ann: Person, leyla: Person, dov: Account): Promise<void> {
  await ann.caller.say(room, "The first stone, so that there is something above");
  await owner.caller.say(room, CODE);
  const first = await owner.caller.say(room, `${LONG_WORD}${LONG_WORD} and https://example.org/${LONG_WORD}`);
  const second = await leyla.caller.say(room, "هل وصل الجميع؟ (تقريبًا!) ثلاثة من 5، والباقي في الطريق.", {
    reply_to: first,
  });
  const third = await dov.caller.say(room, "הפונקציה `follow()` לא עובדת (עדיין), ראו https://example.org/7 — למה?", {
    reply_to: second,
  });
  await ann.caller.say(room, "Because of the drift: it is 0.2, not 2.", { reply_to: third });
  for (const [index, emoji] of EMOJI.entries())
    for (const { caller } of [ann, leyla, dov].slice(0, 1 + (index % 3))) await caller.react(room, third, emoji);
  await dov.caller.say(room, "🎉🚀🐳");
  await leyla.caller.say(room, `@${ann.username} القرار لك`, { mentions: [ann.id] });
}

async function shoot({ room: id, owner, ann, leyla }: Tower, look: Look, album: Album): Promise<void> {
  const [room, hers] = [new Room(ann.page), new Room(leyla.page)];
  await Promise.all([room.open(id), hers.open(id)]);
  await room.message("القرار لك").waitFor();
  await hers.composer.pressSequentially("…");
  await ann.page.getByText(/ is typing/).waitFor();
  await album.keep(ann.page, `hard-${look}`);

  ann.watch.expect(NO_SERVER);
  await ann.context.setOffline(true);
  await new Shell(ann.page).connection.getByText("You are offline").waitFor();
  await room.say("I decide when the train comes out of the tunnel");
  await room.pending.getByText("Sending…").waitFor();
  await album.keep(ann.page, `offline-${look}`);

  await owner.caller.ask("POST", `/v1/rooms/${id}/mute`, { user: ann.id });
  await ann.context.setOffline(false);
  await room.pending.getByText(/Not sent/).waitFor();
  await album.keep(ann.page, `muted-${look}`);
}
