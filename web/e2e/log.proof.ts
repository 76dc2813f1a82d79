/// The log as admins see it: partitions that grow, projections that fall behind and catch up, what could not be read, and
/// records as they come, without what people say.

import { describe, expect } from "vitest";
import { Log } from "./pages/log.js";
import { Shell } from "./pages/shell.js";
import { Caller, text } from "./support/caller.js";
import { part } from "./support/cluster.js";
import { ADMIN } from "./support/place.js";
import { CLUSTERS, PLACES } from "./support/places.js";
import { appendRaw } from "./support/poison.js";
import { proof } from "./support/proof.js";

const SAID = "nobody but the room may read this";

describe.each(PLACES)("the log, $kind", (place) => {
  proof("grows before an admin's eyes, without what is said", async (people) => {
    const { page } = await people.signedIn(place, ADMIN.username);
    const { caller } = await Caller.register(place.url, "Ann");
    const id = await caller.room("Ledger", "open");
    const log = new Log(page);
    await log.open();
    for (const line of ["one", "two"]) {
      const { partition, offset } = await caller.event(id, await caller.say(id, `${line}: ${SAID}`));
      await expect.poll(() => log.cell(partition, "End")).toBe(String(offset + 1));
      const record = log.records.filter({ hasText: `${partition}/${offset}` }).first();
      await record.getByText("message sent").waitFor();
      await record.getByText("Ann").waitFor();
      await record.getByText("what is said is not shown").waitFor();
    }
    expect(await page.getByText(SAID).count()).toBe(0);
    await log.records.getByTitle("Show this room alone").first().click();
    await expect.poll(() => log.records.count()).toBe(3);
  });

  proof("is neither offered nor shown to anybody else", async (people) => {
    const { page, caller } = await people.person(place, "Ann");
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.goto("/");
    await new Shell(page).openMenu();
    const items = await page.getByRole("menuitem").allInnerTexts();
    expect(items.map((item) => item.trim())).toEqual(["Settings", "Keyboard shortcuts", "Sign out"]);
    for (const path of ["/log", "/admin"]) {
      await page.goto(path);
      await page.getByText("This page is for admins").waitFor();
    }
    expect(asked.filter((path) => path.startsWith("/v1/admin"))).toEqual([]);
    for (const path of ["log", "log/dead-letters", "users", "rooms", "audit"]) {
      await expect(caller.ask("GET", `/v1/admin/${path}`)).rejects.toThrow(/403/);
    }
  });
});

describe.each(CLUSTERS)("the log of a $kind", (place) => {
  proof("tells how far history is behind while its projector is away", async (people) => {
    const { page } = await people.signedIn(place, ADMIN.username);
    const { caller } = await Caller.register(place.url, "Ann");
    const id = await caller.room("Ledger", "open");
    const log = new Log(page);
    await log.open();
    const { partition } = await caller.event(id, 1);
    for (const projection of ["History", "Live views"] as const) {
      await expect.poll(() => log.lag(projection)).toBe("level with the log");
    }
    await part(place, "stop", "history");
    try {
      for (const count of [1, 2, 3]) {
        await caller.say(id, "while nobody writes it down");
        await expect.poll(() => log.lag("History")).toBe(`${count} behind`);
        expect(await log.cell(partition, "History behind")).toBe(String(count));
      }
      await expect.poll(() => log.lag("Live views")).toBe("level with the log");
    } finally {
      await part(place, "start", "history");
    }
    await expect.poll(() => log.lag("History")).toBe("level with the log");
    expect(await log.cell(partition, "History behind")).toBe("0");
  });

  proof("lists a record that nobody can read, with the reason", async (people) => {
    const keeper = await people.signedIn(place, ADMIN.username);
    const { caller } = await Caller.register(place.url, "Ann");
    const id = await caller.room("Ledger", "open");
    const { partition, offset } = await caller.event(id, 1);
    const topic = text(await keeper.caller.ask("GET", "/v1/admin/log"), "topic");
    const log = new Log(keeper.page);
    await log.open();
    await appendRaw(place, { topic, partition, key: id, value: "this is no event" });
    await log.records
      .filter({ hasText: `${partition}/${offset + 1}` })
      .getByText("unreadable")
      .waitFor();
    const letter = log.letters.filter({ hasText: id });
    await letter.getByText("header", { exact: true }).waitFor();
    await letter.getByText(`partition ${partition}, offset ${offset + 1}`).waitFor();
    // The room goes on as if it had never been.
    expect(await caller.say(id, "as if nothing had happened")).toBe(2);
    await expect.poll(() => caller.texts(id)).toEqual(["as if nothing had happened"]);
  });
});
