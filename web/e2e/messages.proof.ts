/// What one can do with messages beside saying them: name somebody, pick an emoji, answer in a thread, copy a link that leads
/// back, see who has read, find words and go to where they were said.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Caller } from "./support/caller.js";
import type { People, Person } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

const place = placeOf("embedded");

interface Pair {
  readonly id: string;
  readonly ann: Person;
  readonly bob: Caller;
  readonly hers: Room;
}

/** A room with two members, one of them before a browser. */
async function pair(people: People): Promise<Pair & { readonly username: string }> {
  const [ann, bob] = [await people.person(place, "Ann"), await Caller.register(place.url, "Bob")];
  const id = await ann.caller.room("Workshop", "public");
  await bob.caller.join(id);
  const hers = new Room(ann.page);
  await hers.open(id);
  return { id, ann, bob: bob.caller, username: bob.username, hers };
}

describe("with messages one can", () => {
  proof("name somebody, and put an emoji where one writes", async (people) => {
    const { id, ann, bob, username, hers } = await pair(people);
    await hers.composer.pressSequentially("Ask @bo");
    const offered = ann.page.getByRole("listbox", { name: "People to name" });
    await offered.getByRole("option").filter({ hasText: "Bob" }).waitFor();
    await hers.composer.press("Enter");
    await expect.poll(() => hers.composer.inputValue()).toBe(`Ask @${username} `);
    await ann.page.getByRole("button", { name: "Emoji", exact: true }).click();
    const picker = ann.page.getByRole("dialog", { name: "Emoji" });
    await picker.getByRole("searchbox").fill("hammer");
    await picker.getByRole("button", { name: "hammer", exact: true }).click();
    await expect.poll(() => hers.composer.inputValue()).toBe(`Ask @${username} 🔨`);
    await hers.composer.press("Enter");
    await hers.message("🔨").waitFor();
    await expect.poll(async () => (await bob.mine(id)).mentions).toBe(1);
  });

  proof("answer in a thread, and see it there and in the room", async (people) => {
    const { id, bob, hers } = await pair(people);
    const seq = await bob.say(id, "Who has the saw?");
    await hers.choose(hers.bySeq(seq), "Open thread");
    const thread = hers.panel("Thread");
    await thread.getByText("No replies yet").waitFor();
    await thread.getByLabel("Reply in the thread").fill("I do");
    await thread.getByRole("button", { name: "Send the reply" }).click();
    await thread.getByText("1 reply").waitFor();
    await bob.say(id, "Bring it", { reply_to: seq });
    await thread.getByText("Bring it").waitFor();
    await hers.bySeq(seq).getByRole("button", { name: "2 replies" }).waitFor();
    await hers
      .message("I do")
      .getByRole("button", { name: /Bob Who has the saw/ })
      .waitFor();
  });

  proof("copy a link that leads back, and the text", async (people) => {
    const { id, ann, bob, hers } = await pair(people);
    await ann.context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: place.url });
    const seq = await bob.say(id, "Mind the **step**");
    const copied = (): Promise<string> => ann.page.evaluate(() => navigator.clipboard.readText());
    await hers.choose(hers.bySeq(seq), "Copy text");
    await ann.page.getByText("Text copied.").waitFor();
    expect(await copied()).toBe("Mind the **step**");
    await hers.choose(hers.bySeq(seq), "Copy link");
    await ann.page.getByText("Link copied.").waitFor();
    const link = await copied();
    expect(link).toBe(`${place.url}/room/${id}/${seq}`);
    await ann.page.goto(link);
    await hers.bySeq(seq).getByText("step").waitFor();
  });

  proof("see who has read them", async (people) => {
    const { id, ann, bob, hers } = await pair(people);
    const seq = await ann.caller.say(id, "Read me");
    const seen = ann.page.getByRole("dialog", { name: "Seen by" });
    await hers.choose(hers.bySeq(seq), "Seen by");
    await seen.getByText("Nobody else yet").waitFor();
    await ann.page.keyboard.press("Escape");
    await bob.ask("POST", `/v1/rooms/${id}/read`, { seq });
    // Markers are kept a moment after they are taken.
    await expect
      .poll(async () => {
        await hers.choose(hers.bySeq(seq), "Seen by");
        await seen.getByRole("listitem").or(seen.getByText("Nobody else yet")).first().waitFor();
        const readers = await seen.getByRole("listitem").allInnerTexts();
        await ann.page.keyboard.press("Escape");
        return readers.map((reader) => reader.replace(/^B\s+/, "").trim());
      })
      .toEqual(["Bob"]);
  });

  proof("find words, here and in all rooms, and go to where they were said", async (people) => {
    const { id, ann, bob, hers } = await pair(people);
    const word = `splinter${ann.username}`;
    const first = await bob.say(id, `A ${word} in the left hand`);
    for (let line = 0; line < 60; line += 1) await bob.say(id, `filler ${line}`);
    const other = await ann.caller.room("Attic", "public");
    await ann.caller.say(other, `Another ${word} up here`);
    await ann.page.getByRole("button", { name: "Search", exact: true }).click();
    const search = hers.panel("Search");
    const hits = search.locator("button.hit");
    await search.getByRole("searchbox").fill(word.toUpperCase());
    await expect.poll(() => hits.locator("mark").allInnerTexts()).toEqual([word]);
    await search.getByLabel("In all my rooms").check();
    await expect.poll(() => hits.count()).toBe(2);
    await hits.filter({ hasText: "left hand" }).click();
    await expect.poll(async () => (await hers.bySeq(first).boundingBox()) !== null).toBe(true);
    await hits.filter({ hasText: "in Attic" }).click();
    await ann.page.getByRole("heading", { level: 1, name: "Attic" }).waitFor();
    await hers.message(word).waitFor();
  });
});
