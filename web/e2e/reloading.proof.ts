/// Reloading in the middle of a conversation, with messages that had not left, and writing before a room has opened: nothing is
/// lost, nothing shown twice.

import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { SignIn } from "./pages/sign-in.js";
import { PASSWORD } from "./support/people.js";
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
        await hers.say(`echo ${least}`);
        await hers.message(`echo ${least}`).waitFor();
        await ann.page.reload();
        await hers.composer.waitFor();
      }
    } finally {
      talking.abort();
      await talk;
    }
    const all = [...said, "echo 3", "echo 6", "echo 9"];
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

  proof("says what had not left, once, and what may have landed not twice", async (people) => {
    const ann = await people.person(place, "Ann");
    const id = await ann.caller.room("Letterbox", "public");
    const line = await cuttable(ann.page);
    const room = new Room(ann.page);
    await room.open(id);
    await room.say("heard");
    await room.saying("heard").waitFor();
    // The log takes it, and nobody tells her.
    line.deaf = true;
    await room.say("landed");
    await expect.poll(() => ann.caller.texts(id)).toEqual(["heard", "landed"]);
    line.cut = true;
    await ann.page.reload();
    await room.say("not landed");
    const waiting = ["landed", "not landed"];
    await expect.poll(() => pendingTexts(room)).toEqual(waiting);
    await ann.page.reload();
    await expect.poll(() => pendingTexts(room)).toEqual(waiting);
    [line.cut, line.deaf] = [false, false];
    await room.saying("not landed").waitFor();
    await expect.poll(() => room.pending.count()).toBe(0);
    const all = ["heard", "landed", "not landed"];
    expect([await room.texts(), await ann.caller.texts(id)]).toEqual([all, all]);
    await ann.page.reload();
    await room.saying("not landed").waitFor();
    expect(await room.pending.count()).toBe(0);
    expect([await room.texts(), await ann.caller.texts(id)]).toEqual([all, all]);
  });

  proof("shows what was refused as it was, to be tried again", async (people) => {
    const [ann, bob] = await Promise.all([people.person(place, "Ann"), people.person(place, "Bob")]);
    const id = await ann.caller.room("Courtroom", "public");
    await bob.caller.join(id);
    const his = new Room(bob.page);
    await his.open(id);
    await ann.caller.ask("POST", `/v1/rooms/${id}/mute`, { user: bob.id });
    await his.say("Objection");
    await his.pending.getByText("You are muted").waitFor();
    await bob.page.reload();
    await his.pending.getByText("You are muted").waitFor();
    expect(await ann.caller.texts(id)).toEqual([]);
    await ann.caller.ask("POST", `/v1/rooms/${id}/unmute`, { user: bob.id });
    await his.pending.getByRole("button", { name: "Try again" }).click();
    await his.saying("Objection").waitFor();
    expect(await his.pending.count()).toBe(0);
    expect(await ann.caller.texts(id)).toEqual(["Objection"]);
  });

  proof("leaves nothing of what was not sent to whoever signs in next", async (people) => {
    const ann = await people.person(place, "Ann");
    const id = await ann.caller.room("Diary", "public");
    const line = await cuttable(ann.page);
    line.cut = true;
    const room = new Room(ann.page);
    await ann.page.goto(`/room/${id}`);
    await room.say("A secret");
    await room.pending.waitFor();
    expect(await stored(ann.page)).toContain("A secret");
    await new Shell(ann.page).choose("Sign out");
    const signIn = new SignIn(ann.page);
    await signIn.username.fill(ann.username);
    expect(await stored(ann.page)).not.toContain("A secret");
    await signIn.password.fill(PASSWORD);
    line.cut = false;
    await signIn.enter("Sign in");
    await room.composer.waitFor();
    await room.say("In the open");
    await room.saying("In the open").waitFor();
    expect(await room.pending.count()).toBe(0);
    expect(await ann.caller.texts(id)).toEqual(["In the open"]);
  });
});

/** The line between a page and the server, whatever the page is loaded anew. */
interface Line {
  /** There is none: sockets close as they open. */
  cut: boolean;
  /** What the server says does not arrive. */
  deaf: boolean;
}

async function cuttable(page: Page): Promise<Line> {
  const line: Line = { cut: false, deaf: false };
  await page.routeWebSocket("**/v1/ws", (socket) => {
    if (line.cut) {
      void socket.close();
      return;
    }
    const server = socket.connectToServer();
    server.onMessage((message) => {
      if (!line.deaf) socket.send(message);
    });
  });
  return line;
}

/** What one said that the log has not confirmed, from top to bottom. */
async function pendingTexts(room: Room): Promise<readonly string[]> {
  return room.pending.locator(".text").allInnerTexts();
}

/** All that the page's storage holds. */
async function stored(page: Page): Promise<string> {
  return page.evaluate(() => JSON.stringify([Object.entries(sessionStorage), Object.entries(localStorage)]));
}
