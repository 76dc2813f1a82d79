/// A place with people in it who talk as people do: an evening at an observatory, what stands beside it at the side, and what
/// the admin had to do. The same for every picture.

import { expect } from "vitest";
import { type Account, Caller } from "./caller.js";
import { ADMIN, type Place } from "./place.js";
import type { Furnished } from "./views.js";

export interface Scene extends Furnished {
  /** Who looks. */
  readonly ines: Account;
  readonly grace: Account;
  /** The last message. */
  readonly last: number;
  /** An event in the middle of what happened. */
  readonly middle: number;
}

interface Cast {
  readonly ines: Account;
  readonly noor: Account;
  readonly lev: Account;
  readonly tomas: Account;
  readonly grace: Account;
  readonly eleni: Account;
}

/** Messages of the evening. */
const SAID = 12;

export async function setScene(place: Place): Promise<Scene> {
  const cast = await gather(place);
  const { caller: keeper } = await Caller.login(place.url, ADMIN.username);
  await around(cast);
  await keepOrder(place, keeper);
  const scene = await evening(cast, keeper);
  // What is searched for and verified is told from history, which follows the log.
  await expect.poll(() => cast.ines.caller.texts(scene.room)).toHaveLength(SAID);
  return scene;
}

async function gather(place: Place): Promise<Cast> {
  const register = (name: string, username: string): Promise<Account> => Caller.register(place.url, name, username);
  const [ines, noor, lev, tomas, grace, eleni] = await Promise.all([
    register("Ines Keller", "ines"),
    register("Noor Haddad", "noor"),
    register("לב כהן", "lev"),
    register("Tomáš Dvořák", "tomas"),
    register("Grace Okafor", "grace"),
    register("Ελένη Παππά", "eleni"),
  ]);
  return { ines, noor, lev, tomas, grace, eleni };
}

/** The conversation that most pictures show. */
async function evening({ ines, noor, lev, tomas, grace, eleni }: Cast, keeper: Caller): Promise<Scene> {
  const room = await noor.caller.room("Observatory", "public", "Nights, clouds, and who has the key to the dome");
  for (const { caller } of [ines, lev, tomas, grace, eleni]) await caller.join(room);
  await keeper.join(room);
  await noor.caller.ask("POST", `/v1/rooms/${room}/role`, { user: tomas.id, role: "moderator" });
  const seq = await noor.caller.say(room, "The sky clears **tonight**. Who comes up, and who brings tea?");
  const tea = await tomas.caller.say(room, "I do, and the long eyepiece 🍵", { reply_to: seq });
  await lev.caller.say(room, "אני מגיע בתשע, יש לי את המפתח לשער 🔑");
  const wonder = await grace.caller.say(room, "My first night up there. Is there a bus down after midnight?");
  await tomas.caller.say(room, "The last one leaves at 0:40, and I have three seats in the car.", { reply_to: wonder });
  const middle = await ines.caller.say(
    room,
    "The new guide script keeps Jupiter in the middle:\n```\nwhile (dome.isOpen()) {\n  mount.follow(jupiter, { drift: 0.2 });\n}\n```",
  );
  await tomas.caller.say(room, "It follows *most* of the time, see https://example.org/guiding");
  await eleni.caller.say(room, "Μπράβο! Περιμένω τις φωτογραφίες 📷", { reply_to: middle });
  await lev.caller.say(room, "I leave the gate key under the third stone", { reply_to: seq });
  const named = await noor.caller.say(
    room,
    `@${ines.username} can you open the dome at nine? I am at the gate until then.`,
    {
      mentions: [ines.id],
    },
  );
  await noor.caller.ask("PATCH", `/v1/rooms/${room}/messages/${named}`, {
    text: `@${ines.username} can you open the dome at half past eight? I am at the gate until then.`,
  });
  for (const { caller } of [ines, noor, lev]) await caller.react(room, tea, "🎉");
  await grace.caller.react(room, tea, "🍪");
  for (const { caller } of [ines, tomas, eleni, grace]) await caller.react(room, seq, "🔭");
  for (const { caller } of [noor, eleni]) await caller.react(room, middle, "🪐");
  await ines.caller.ask("POST", `/v1/rooms/${room}/read`, { seq: named });
  await grace.caller.say(room, "Then I bring the biscuits");
  const last = await tomas.caller.say(room, "See you at the gate, dress warm ❄️");
  return { room, seq, last, middle, word: "gate", ines, grace };
}

/** What stands beside it: rooms with something unread, some to be found, an invitation, direct messages. */
async function around({ ines, noor, lev, tomas, eleni }: Cast): Promise<void> {
  const train = await noor.caller.room("Release train", "public", "What leaves on Thursday");
  const bakery = await noor.caller.room("Bakery", "public", "Who bakes on which day");
  const darkroom = await eleni.caller.room("Darkroom", "private", "Plates, prints, and the smell of fixer");
  const choir = await lev.caller.room("Choir", "private", "Tuesdays at seven, in the library");
  await noor.caller.room("Bicycles", "public", "Repairs, routes, the long way home");
  await tomas.caller.room("Book club", "public", "This month: a history of tides");
  await lev.caller.room("Help desk", "open", "Anyone may ask, without joining");
  for (const room of [train, bakery]) await ines.caller.join(room);
  for (const room of [darkroom, choir]) {
    const { caller } = room === darkroom ? eleni : lev;
    await caller.ask("POST", `/v1/rooms/${room}/invite`, { user: ines.id });
  }
  await ines.caller.join(darkroom);
  for (const text of ["Rye on Friday!", "And plaits on Sunday", "Who has the big bowl?"])
    await noor.caller.say(bakery, text);
  await noor.caller.say(train, "The notes are ready, all but one line");
  await noor.caller.say(train, `@${ines.username} is the changelog yours?`, { mentions: [ines.id] });
  const fromTomas = await tomas.caller.direct(ines.username);
  const said = await tomas.caller.say(fromTomas, "Thanks for the charts, they are just what I needed");
  await ines.caller.ask("POST", `/v1/rooms/${fromTomas}/read`, { seq: said });
  const fromNoor = await noor.caller.direct(ines.username);
  await noor.caller.say(fromNoor, "The lens came back from repair");
}

/** What the admin had to do: somebody who only sold things is kept out, and their room is gone. */
async function keepOrder(place: Place, keeper: Caller): Promise<void> {
  const seller = await Caller.register(place.url, "Cheap Telescopes", "cheap.telescopes");
  const shop = await seller.caller.room("Telescopes, half price", "public", "Today only");
  const visitor = await Caller.register(place.url, "Milo Brandt", "milo");
  for (const { id } of [seller, visitor]) await keeper.ask("POST", `/v1/admin/users/${id}/disable`);
  await keeper.ask("POST", `/v1/admin/users/${visitor.id}/enable`);
  await keeper.ask("DELETE", `/v1/admin/rooms/${shop}`);
}
