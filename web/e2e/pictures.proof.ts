/// Pictures of the page for the documentation, with people in them who talk as people do. They are kept where ROOMLOG_TEST_IMAGES
/// names a folder (`docs/images`); without it the scene is only gone through, and the checkout stays as it was.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type BrowserContextOptions, devices, type Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { SignIn } from "./pages/sign-in.js";
import { type Account, Caller } from "./support/caller.js";
import { pathNamed } from "./support/command.js";
import type { People, Person } from "./support/people.js";
import { ADMIN } from "./support/place.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";
import { type Furnished, openView, VIEWS } from "./support/views.js";

const FOLDER = pathNamed("ROOMLOG_TEST_IMAGES");
/** What all pictures may weigh together: the checkout carries them for ever. */
const MOST_BYTES = 2_000_000;
const STILL = { reducedMotion: "reduce" } as const;
const DESKTOP = { ...STILL, viewport: { width: 1_280, height: 800 } };
const PHONE = { ...STILL, ...devices["Galaxy S5"], viewport: { width: 360, height: 640 }, deviceScaleFactor: 2 };

const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...DESKTOP, colorScheme: "light" },
  dark: { ...DESKTOP, colorScheme: "dark" },
  phone: { ...PHONE, colorScheme: "light" },
};
/** What is kept of each look, by the views' names. */
const SHOTS: Readonly<Record<string, readonly string[]>> = {
  light: ["home", "room", "search", "receipt", "past", "admin"],
  dark: ["room", "thread", "settings", "log"],
  phone: ["room"],
};
/** Who runs the server looks at these. */
const ADMINS_VIEWS = ["log", "admin"];

interface Scene extends Furnished {
  readonly ines: Account;
  /** The last message. */
  readonly last: number;
}

describe("a room that people use", () => {
  const place = placeOf("embedded");

  proof("looks as it should in light, dark and on a phone", async (people) => {
    const scene = await setScene();
    const grace = await people.person(place, "Grace Okafor", STILL);
    await grace.caller.join(scene.room);
    await new Room(grace.page).open(scene.room);
    let bytes = 0;
    for (const [look, options] of Object.entries(LOOKS)) bytes += await shoot(people, scene, look, options);
    expect(bytes, "bytes of all pictures").toBeLessThan(MOST_BYTES);
  });

  /** Several rooms, and in one of them a conversation. */
  async function setScene(): Promise<Scene> {
    const register = (name: string, username: string): Promise<Account> => Caller.register(place.url, name, username);
    const [ines, noor, lev, tomas] = await Promise.all([
      register("Ines Keller", "ines"),
      register("Noor Haddad", "noor"),
      register("לב כהן", "lev"),
      register("Tomáš Dvořák", "tomas"),
    ]);
    const { caller: keeper } = await Caller.login(place.url, ADMIN.username);
    await around(ines, noor);
    const room = await ines.caller.room("Observatory", "public", "Nights, clouds, and who has the key to the dome");
    for (const caller of [noor.caller, lev.caller, tomas.caller, keeper]) await caller.join(room);
    const seq = await noor.caller.say(room, "The sky clears **tonight**. Who comes up, and who brings tea?");
    const tea = await tomas.caller.say(room, "I do, and the long eyepiece 🍵", { reply_to: seq });
    await lev.caller.say(room, "אני מגיע בתשע, יש לי את המפתח");
    const script =
      "The new guide script keeps Jupiter in the middle:\n```\nwhile (dome.isOpen()) {\n  mount.follow(jupiter, { drift: 0.2 });\n}\n```";
    await ines.caller.say(room, script);
    await tomas.caller.say(room, "It follows *most* of the time, see https://example.org/guiding");
    await lev.caller.say(room, "I take the gate key along", { reply_to: seq });
    for (const { caller } of [ines, noor, lev]) await caller.react(room, tea, "🎉");
    for (const { caller } of [ines, tomas]) await caller.react(room, seq, "🔭");
    const last = await noor.caller.say(room, "See you at the gate, dress warm ❄️");
    return { room, seq, last, word: "gate", ines };
  }

  /** What stands beside it: rooms with something unread, one to be found, a direct message. */
  async function around(ines: Account, noor: Account): Promise<void> {
    const train = await noor.caller.room("Release train", "public", "What leaves on Thursday");
    const bakery = await noor.caller.room("Bakery", "public", "Who bakes on which day");
    await noor.caller.room("Bicycles", "public", "Repairs, routes, the long way home");
    for (const room of [train, bakery]) await ines.caller.join(room);
    await noor.caller.say(bakery, "Rye on Friday!");
    await noor.caller.say(train, `@${ines.username} is the changelog yours?`, { mentions: [ines.id] });
    const direct = await noor.caller.direct(ines.username);
    await noor.caller.say(direct, "The lens came back from repair");
  }

  /** Goes through the views of a look; answers the bytes of its pictures. */
  async function shoot(people: People, scene: Scene, look: string, options: BrowserContextOptions): Promise<number> {
    const visitor = await people.visitor(place, options);
    await new SignIn(visitor.page).open();
    let bytes = look === "light" ? await keep(visitor.page, `sign-in-${look}`) : 0;
    const ines = await people.signedIn(place, scene.ines.username, options);
    const keeper = await people.signedIn(place, ADMIN.username, options);
    for (const view of VIEWS.filter(({ name }) => SHOTS[look]?.includes(name))) {
      const { page }: Person = ADMINS_VIEWS.includes(view.name) ? keeper : ines;
      await openView(page, view, view.name === "past" ? { ...scene, seq: scene.last } : scene);
      if (view.name === "room") await expectCompany(page, scene);
      bytes += await keep(page, `${view.name}-${look}`);
    }
    return bytes;
  }
});

/** The room is drawn to its end, and Grace, who is in it too, is counted. */
async function expectCompany(page: Page, { last }: Scene): Promise<void> {
  await new Room(page).bySeq(last).waitFor();
  await page.getByRole("button", { name: /^Members, [2-9] here now$/ }).waitFor();
}

/** Takes a picture, without the blinking caret; answers its bytes. */
async function keep(page: Page, name: string): Promise<number> {
  const picture = await page.screenshot({ caret: "hide" });
  if (FOLDER !== null) {
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, `${name}.png`), picture);
  }
  return picture.length;
}
