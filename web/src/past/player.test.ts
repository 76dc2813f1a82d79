import { describe, expect, it, vi } from "vitest";
import { Feed, MOST_WAITING, PART_EVENTS, type Read } from "./feed.js";
import type { Happening } from "./happening.js";
import { due, KEPT_SILENCE_MS, MOST_STEP_MS, moved, play, playerAt, silence, tick, type Next } from "./player.js";

const START = 1_000_000;
const at = (time: number): Next => ({ kind: "event", at: time });

describe("the clock of a replay", () => {
  it("runs as many times as fast as ours", () => {
    for (const speed of [1, 10, 100] as const) {
      const begun = tick(play(playerAt(START, speed, false)), 5_000, at(START * 2));
      expect(begun.time).toBe(START);
      expect(tick(begun, 5_016, at(START * 2)).time).toBe(START + 16 * speed);
    }
  });

  it("does not leap where the page stood still", () => {
    const begun = tick(play(playerAt(START, 1, false)), 0, at(START * 2));
    expect(tick(begun, 3_600_000, at(START * 2)).time).toBe(START + MOST_STEP_MS);
    expect(tick(begun, -50, at(START * 2)).time).toBe(START);
  });

  it("waits for what is not here yet, and stops where nothing more comes", () => {
    const begun = tick(play(playerAt(START)), 0, { kind: "waiting" });
    const later = tick(begun, 100, { kind: "waiting" });
    expect(later).toMatchObject({ time: START, playing: true });
    // The wait is not made up for afterwards.
    expect(tick(later, 116, at(START + 50)).time).toBe(START + 16);
    expect(tick(later, 116, { kind: "end" }).playing).toBe(false);
  });

  it("cuts a silence short where that is wanted, and else says how long it is", () => {
    const next = at(START + 3_600_000);
    const skipping = tick(play(playerAt(START, 10, true)), 0, next);
    expect(skipping.time).toBe(START + 3_600_000 - KEPT_SILENCE_MS * 10);
    expect(silence(skipping, next)).toBe(KEPT_SILENCE_MS);
    const sitting = tick(play(playerAt(START, 10, false)), 0, next);
    expect(sitting.time).toBe(START);
    expect(silence(sitting, next)).toBe(360_000);
    expect(silence(sitting, { kind: "end" })).toBe(0);
  });

  it("keeps still while it does not play, and forgets its last tick when it is moved", () => {
    const still = playerAt(START);
    expect(tick(still, 5, at(START))).toBe(still);
    const playing = tick(play(still), 0, at(START * 2));
    expect(tick(moved(playing, START + 7), 200, at(START + 8)).time).toBe(START + 7);
  });

  it("finds what is due, a bounded number at once", () => {
    const waiting = [{ at: 1 }, { at: 2 }, { at: 2 }, { at: 9 }];
    expect(due(waiting, 0, 10)).toBe(0);
    expect(due(waiting, 2, 10)).toBe(3);
    expect(due(waiting, 2, 2)).toBe(2);
    expect(due(waiting, 99, 10)).toBe(4);
  });
});

/** A room with a record at each offset from 0, of which every tenth does not count. */
class Log {
  readonly asked: (readonly [number, number | null])[] = [];
  failing = false;
  readonly #records: readonly Happening[];

  constructor(count: number) {
    let seq = 0;
    this.#records = Array.from({ length: count }, (_, offset) => {
      const counts = offset % 10 !== 9;
      if (counts) seq += 1;
      const ignored = counts ? null : "duplicate";
      const what = { type: "unknown", called: "tea_made", body: {} } as const;
      return {
        seq: counts ? seq : null,
        partition: 0,
        offset,
        at: offset,
        eventId: "",
        from: null,
        what,
        ignored,
        withheld: null,
      };
    });
  }

  get head(): number {
    return this.#records.findLast(({ seq }) => seq !== null)?.seq ?? 0;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- a log that is here already
  readonly read: Read = async function* (this: Log, from: number, to: number | null) {
    this.asked.push([from, to]);
    if (this.failing) throw new Error("The log is away.");
    for (const record of this.#records.slice(from)) {
      yield record;
      if (to !== null && record.seq === to) return;
    }
  }.bind(this);
}

describe("what comes next", () => {
  async function drained(feed: Feed): Promise<number[]> {
    const offsets: number[] = [];
    for (;;) {
      await vi.waitFor(() => expect(feed.next.kind).not.toBe("waiting"));
      if (feed.next.kind === "end") return offsets;
      offsets.push(...feed.take(17).map(({ offset }) => offset));
    }
  }

  it("comes in the log's order, none left out and none twice, in parts", async () => {
    const log = new Log(2_000);
    const feed = new Feed(log.read, () => undefined);
    feed.restart({ offset: 4, seq: 5 }, log.head);
    expect(await drained(feed)).toEqual(Array.from({ length: 1_995 }, (_, index) => index + 5));
    expect(log.asked[0]).toEqual([5, 5 + PART_EVENTS]);
    expect(log.asked.at(-1)?.[1]).toBeNull();
  });

  it("is never read far ahead", async () => {
    const log = new Log(5_000);
    const feed = new Feed(log.read, () => undefined);
    feed.restart({ offset: -1, seq: 0 }, 1);
    await vi.waitFor(() => expect(feed.waiting.length).toBe(MOST_WAITING));
    expect(feed.next).toEqual({ kind: "event", at: 0 });
    expect(log.asked).toEqual([[0, null]]);
  });

  it("takes back what was taken", async () => {
    const log = new Log(20);
    const feed = new Feed(log.read, () => undefined);
    feed.restart({ offset: -1, seq: 0 }, log.head);
    await vi.waitFor(() => expect(feed.waiting.length).toBe(20));
    const [first] = feed.take(1);
    if (first !== undefined) feed.putBack(first);
    expect(feed.waiting.map(({ offset }) => offset)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  it("says what fails, and goes on where it was", async () => {
    const log = new Log(300);
    const told = vi.fn();
    const feed = new Feed(log.read, told);
    log.failing = true;
    feed.restart({ offset: -1, seq: 0 }, log.head);
    await vi.waitFor(() => expect(feed.failure).toBeInstanceOf(Error));
    expect(told).toHaveBeenCalled();
    log.failing = false;
    feed.retry();
    expect(feed.failure).toBeNull();
    expect(await drained(feed)).toHaveLength(300);
  });

  it("forgets what was on its way when it begins anew", async () => {
    const log = new Log(600);
    const feed = new Feed(log.read, () => undefined);
    feed.restart({ offset: -1, seq: 0 }, log.head);
    feed.restart({ offset: 499, seq: 450 }, log.head);
    expect(await drained(feed)).toEqual(Array.from({ length: 100 }, (_, index) => index + 500));
  });
});
