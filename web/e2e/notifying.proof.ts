/// Desktop notifications, shown by the browser itself: of what means one, while one looks elsewhere; a click leads there.

import { describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Caller } from "./support/caller.js";
import { heedNotices, lookBack, lookElsewhere, noticesOf } from "./support/notices.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

describe("desktop notifications", () => {
  const place = placeOf("embedded");

  proof("tell of mentions and direct messages, and of nothing else, while one looks elsewhere", async (people) => {
    const [ann, bob] = [await people.person(place, "Ann"), await Caller.register(place.url, "Bob")];
    const id = await ann.caller.room("Kitchen", "public");
    const direct = await bob.caller.direct(ann.username);
    await bob.caller.join(id);
    await bob.caller.say(direct, "Hello");
    await ann.context.grantPermissions(["notifications"], { origin: place.url });
    await heedNotices(ann.page);
    await ann.page.goto("/settings");
    await ann.page.getByLabel("Show them on this desktop").check();
    const room = new Room(ann.page);
    await room.open(id);
    await lookElsewhere(ann);

    await bob.caller.say(id, "for everybody, so for nobody");
    await ann.caller.say(id, "said by herself elsewhere");
    const named = await bob.caller.say(id, `@${ann.username} is it **done**?`, { mentions: [ann.id] });
    const alone = await bob.caller.say(direct, "between us");
    const expected = [
      { title: "Bob in Kitchen", body: `@${ann.username} is it done?`, tag: `${id}:${named}`, shown: true },
      { title: "Bob", body: "between us", tag: `${direct}:${alone}`, shown: true },
    ];
    await expect.poll(() => noticesOf(ann.page)).toEqual(expected);

    // What is seen in the window is not told a second time, what is said elsewhere is.
    await lookBack(ann);
    await bob.caller.say(id, `@${ann.username} look here`, { mentions: [ann.id] });
    await room.message("look here").waitFor();
    const other = await bob.caller.say(direct, "elsewhere");
    const third = { title: "Bob", body: "elsewhere", tag: `${direct}:${other}`, shown: true };
    await expect.poll(() => noticesOf(ann.page)).toEqual([...expected, third]);
  });

  proof("lead to the message by a click, and end with a word in the settings", async (people) => {
    const [ann, bob] = [await people.person(place, "Ann"), await Caller.register(place.url, "Bob")];
    const id = await ann.caller.room("Kitchen", "public");
    await bob.caller.join(id);
    await ann.context.grantPermissions(["notifications"], { origin: place.url });
    await heedNotices(ann.page);
    await ann.page.goto("/settings");
    await ann.page.getByLabel("Show them on this desktop").check();
    await lookElsewhere(ann);
    const named = await bob.caller.say(id, `@${ann.username} come`, { mentions: [ann.id] });
    await expect.poll(async () => (await noticesOf(ann.page)).length).toBe(1);
    await expect.poll(() => ann.page.title()).toBe("(1) Roomlog");
    // Nobody can point at a desktop that isn't there: the browser's event of a click, without the click.
    const asked = await ann.page.evaluate(() => {
      const [notice] = globalThis.notices ?? [];
      let asked = false;
      window.focus = () => (asked = true);
      notice?.dispatchEvent(new Event("click"));
      return asked;
    });
    expect(asked, "the window was asked to come to the front").toBe(true);
    await ann.page.waitForURL(`**/room/${id}/${named}`);
    await lookBack(ann);
    await new Room(ann.page).bySeq(named).getByText("come").waitFor();
    await expect.poll(() => ann.page.title()).toBe("Kitchen · Roomlog");
    // The server is told a moment after it was seen.
    await expect.poll(async () => (await ann.caller.mine(id)).mentions).toBe(0);

    await ann.page.goto("/settings");
    await ann.page.getByLabel("Show them on this desktop").uncheck();
    await lookElsewhere(ann);
    await bob.caller.say(id, `@${ann.username} come again`, { mentions: [ann.id] });
    await expect.poll(() => ann.page.title()).toBe("(1) Roomlog");
    expect(await noticesOf(ann.page)).toEqual([]);
  });

  proof("say where the browser does not allow them", async (people) => {
    const { page } = await people.person(place, "Ann");
    await page.goto("/settings");
    const allowed = page.getByLabel("Show them on this desktop");
    await allowed.click();
    await page.getByRole("alert").getByText("This browser does not allow notifications").waitFor();
    expect(await allowed.isChecked()).toBe(false);
  });
});
