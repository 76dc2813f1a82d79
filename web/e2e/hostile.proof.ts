/// Strings that would be scripts if anybody took them for markup, in every field that people fill. Each is shown as it was
/// written; none runs: no dialog, no request elsewhere, nothing for the policy to refuse.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Shell } from "./pages/shell.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

const STRINGS = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  '"><svg onload=alert(1)>',
  "javascript:alert(1)",
  "[click](javascript:alert(1))",
  "{{constructor.constructor('alert(1)')()}}",
  "<iframe srcdoc='<script>parent.alert(1)</script>'>",
  "`</code><script>alert(1)</script>",
  "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
];
/** One line of at most 64 characters, as names are. */
const NAME = "<img src=x onerror=alert(1)> Mallory";

describe("text that would be a script", () => {
  const place = placeOf("embedded");

  proof("is text in names, rooms, topics and messages", async (people) => {
    const mallory = await people.person(place, NAME);
    const ann = await people.person(place, "Ann");
    const title = "<b onmouseover=alert(1)>Room</b>";
    const topic = '"><script>alert("topic")</script>';
    const id = await mallory.caller.room(title, "open", topic);
    for (const text of STRINGS) await mallory.caller.say(id, text);
    const room = new Room(ann.page);
    await room.open(id);
    await expect.poll(() => room.texts()).toHaveLength(STRINGS.length);
    // Markdown takes its own signs away, nothing else.
    const shown = await room.texts();
    for (const [index, text] of STRINGS.entries()) {
      expect(plain(shown[index] ?? "")).toBe(plain(text));
    }
    await ann.page.getByRole("heading", { level: 1, name: title }).waitFor();
    await ann.page.getByText(topic).first().waitFor();
    await room.messages.getByText(NAME).first().waitFor();
    const members = await room.openMembers();
    await members.getByText(NAME).waitFor();
    const harmful = ann.page
      .locator("#app, body")
      .locator("script[src=''], img[src='x'], iframe, a[href^='javascript:'], [onload], [onerror], [onmouseover]");
    expect(await harmful.count()).toBe(0);
  });

  proof("is text where one writes and searches, and in reactions and pages of their own", async (people) => {
    const ann = await people.person(place, "Ann");
    const id = await ann.caller.room("Quiet", "open");
    const room = new Room(ann.page);
    await room.open(id);
    for (const text of STRINGS) {
      await room.say(text);
      await expect.poll(async () => plain((await room.texts()).at(-1) ?? "")).toBe(plain(text));
    }
    await room.press(room.message("javascript:alert(1)").first(), "Reply");
    await room.say("a reply to it");
    await room.message("a reply to it").waitFor();
    await ann.page.getByRole("button", { name: "Search", exact: true }).click();
    const search = room.panel("Search");
    await search.getByRole("searchbox").fill("<script>alert");
    await search.locator("mark").first().waitFor();
    const shell = new Shell(ann.page);
    await shell.makeRoom("<svg onload=alert(1)>");
    await shell.room("<svg onload=alert(1)>").waitFor();
    await ann.page.goto(`/room/${encodeURIComponent("<script>alert(1)</script>")}`);
    await ann.page.getByText("There is nothing here").waitFor();
  });
});

/** Without the signs that markdown may take. */
function plain(text: string): string {
  return text.replaceAll(/[`[\]()*_~]/g, "");
}
