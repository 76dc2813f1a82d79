/// A room of ten thousand messages: scrolled from its end to its beginning, every message is drawn on the way, and what one
/// reads stays where it is while more comes in above. And the jumps: to a day, to the unread, to a message by its link.

import type { Page } from "playwright-core";
import { beforeAll, describe, expect } from "vitest";
import { Room } from "./pages/room.js";
import { Caller } from "./support/caller.js";
import { fill } from "./support/crowd.js";
import { People, type Person } from "./support/people.js";
import { placeOf } from "./support/places.js";
import { proof } from "./support/proof.js";

const MESSAGES = 10_000;
const SPEAKERS = 4;
/** A tall window: fewer steps to the beginning. */
const VIEWPORT = { width: 1_100, height: 1_400 };
/** CSS pixels that a row may seem to move: browsers scroll to whole ones, and tell where something is painted in whole ones. */
const STILL = 2;

describe("a room of ten thousand messages", () => {
  const place = placeOf("embedded");
  let room = "";
  /** Who made it. */
  let owner: Caller;
  /** The first message's seq: what comes before is the room's making. */
  let first = 0;
  let last = 0;

  beforeAll(async () => {
    const people = await People.gather();
    try {
      const speakers: Person[] = [];
      for (let index = 0; index < SPEAKERS; index += 1) speakers.push(await people.person(place, `Speaker ${index}`));
      owner = (await Caller.register(place.url, "Archivist")).caller;
      room = await owner.room("Archive", "open");
      first = (await owner.say(room, "the first")) + 1;
      await Promise.all(speakers.map(({ page }) => page.goto("/")));
      const each = MESSAGES / SPEAKERS;
      await Promise.all(speakers.map((speaker, index) => fill(speaker, room, each, `Speaker ${index} says line`)));
      last = await owner.say(room, "the last");
    } finally {
      await people.leave();
    }
  });

  proof("scrolls from its end to its beginning without a hole or a jump", async (people) => {
    const ann = await people.person(place, "Ann", { viewport: VIEWPORT });
    const view = new Room(ann.page);
    await view.open(room);
    await view.bySeq(last).waitFor();
    const walked = await walkUp(ann.page, first - 1, STILL);
    expect(walked.jumps, "rows that moved by themselves").toEqual([]);
    const missing = Array.from({ length: last - first + 1 }, (_, index) => first + index).filter(
      (seq) => !walked.seen.includes(seq),
    );
    expect(missing, "never drawn").toEqual([]);
    await ann.page.getByText(/^The room begins here/).waitFor();
    await ann.page.getByRole("button", { name: /To the latest|new$/ }).click();
    await view.bySeq(last).waitFor();
  });

  proof("jumps to a message by its link, and on from there both ways", async (people) => {
    const ann = await people.person(place, "Ann");
    const view = new Room(ann.page);
    const wanted = Math.floor(last / 2);
    await view.open(room, wanted);
    await expectInSight(view, wanted);
    const around = (await view.shown()).map(({ seq }) => seq);
    expect(around).toEqual(Array.from({ length: around.length }, (_, index) => (around[0] ?? 0) + index));
    expect(around).toContain(wanted - 3);
    expect(around).toContain(wanted + 3);
  });

  proof("jumps to the first unread message", async (people) => {
    const ann = await people.person(place, "Ann");
    const read = Math.floor(last / 3);
    await ann.caller.ask("POST", `/v1/rooms/${room}/read`, { seq: read });
    const view = new Room(ann.page);
    await view.open(room);
    await ann.page.getByRole("button", { name: "Jump to the first unread message" }).click();
    await expectInSight(view, read + 1);
    await view.messages.getByText("New", { exact: true }).waitFor();
  });

  proof("jumps to a day", async (people) => {
    const ann = await people.person(place, "Ann");
    const view = new Room(ann.page);
    await view.open(room);
    await view.bySeq(last).waitFor();
    await view.about("Jump to a day");
    await ann.page.getByRole("button", { name: "Jump there" }).click();
    await expectInSight(view, first - 1);
  });
});

async function expectInSight(view: Room, seq: number): Promise<void> {
  await view.bySeq(seq).waitFor();
  await expect
    .poll(async () => {
      const [row, frame] = [await view.bySeq(seq).boundingBox(), await view.messages.boundingBox()];
      return row !== null && frame !== null && row.y >= frame.y && row.y + row.height <= frame.y + frame.height;
    })
    .toBe(true);
}

interface Walked {
  /** Every seq that was drawn. */
  readonly seen: readonly number[];
  /** What moved otherwise than it was scrolled. */
  readonly jumps: readonly string[];
}

/** A frame as it was painted. */
interface Painted {
  /** By seq: where each row's top is in the window. */
  readonly rows: ReadonlyMap<number, { readonly row: Element; readonly top: number }>;
  /** Whether nothing is above what is seen. */
  readonly atTop: boolean;
}

/** Scrolls up step by step, in the browser, until a message is drawn; waits at each step until something is drawn above. */
function walkUp(page: Page, until: number, still: number): Promise<Walked> {
  return page.evaluate(
    async ({ until, still }) => {
      const view = document.querySelector('[role="region"][aria-label="Messages"]');
      const list = view?.firstElementChild ?? null;
      if (view === null || list === null) throw new Error("there are no messages");
      const seen = new Set<number>();
      const jumps: string[] = [];
      // Where rows are painted: they are placed by their heights once these were measured, at the end of a frame, and an
      // IntersectionObserver sees them after that. Whoever asked in between would see what nobody sees.
      const painted = (): Promise<Painted> =>
        new Promise((wake) => {
          const observer = new IntersectionObserver((entries) => {
            observer.disconnect();
            const placed = entries.map(({ target: row, boundingClientRect: { top } }) => ({ row, top }));
            const rows = placed
              .filter(({ row }) => row !== list)
              .map((one) => [Number(one.row.getAttribute("data-seq")), one] as const);
            const start = placed.find(({ row }) => row === list)?.top ?? -Infinity;
            wake({ rows: new Map(rows), atTop: start >= view.getBoundingClientRect().top });
          });
          for (const row of [list, ...view.querySelectorAll("article[data-seq]")]) observer.observe(row);
        });
      const frame = (): Promise<unknown> => new Promise((wake) => requestAnimationFrame(wake));
      while (!seen.has(until)) {
        const { rows: before } = await painted();
        for (const seq of before.keys()) seen.add(seq);
        const from = view.scrollTop;
        if (from > 0) view.scrollTop = from - view.clientHeight / 2;
        const step = from - view.scrollTop;
        // Takes the scroll in and draws what it brought into view.
        await frame();
        const middle = view.clientHeight / 4;
        const { rows: after, atTop } = await painted();
        const [kept] = [...before].filter(([, { top }]) => top > middle && top < view.clientHeight / 2);
        if (kept === undefined) continue;
        const [seq, { row, top }] = kept;
        const moved = (after.get(seq)?.top ?? Infinity) - top;
        // Where less is above than was thought, the scroll ends there.
        const ended = atTop && moved >= 0 && moved < step;
        if (Math.abs(moved - step) > still && !ended) jumps.push(`${seq}: scrolled by ${step}, moved by ${moved}`);
        // Whoever had selected it, or had the focus there, would have lost that.
        if (!row.isConnected) jumps.push(`${seq}: was drawn anew`);
      }
      return { seen: [...seen], jumps };
    },
    { until, still },
  );
}
