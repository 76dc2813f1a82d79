import type { LogRecord } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { MOST_WAIT_MS, POLL_MS, waitMs } from "./polling.js";
import { KEPT_MS, MOST_SAMPLES, points, rates, rateText, sampled, type Sample } from "./rates.js";
import { came, hold, MOST_RECORDS, NOTHING, passedOver, release } from "./tailing.js";

const sample = (at: number, ...ends: number[]): Sample => ({ at, ends: new Map(ends.entries()) });

describe("rates from samples", () => {
  it("are records a second between each two, whatever lies between them", () => {
    const samples = [sample(0, 10, 0), sample(2_000, 14, 0), sample(3_000, 14, 30)];
    expect(rates(samples, 0)).toEqual([2, 0]);
    expect(rates(samples, 1)).toEqual([0, 30]);
    expect(rates(samples, 7)).toEqual([0, 0]);
    expect(rates(samples.slice(0, 1), 0)).toEqual([]);
  });

  it("forget what is too old, and are bounded", () => {
    const old = sampled([sample(0, 1)], sample(KEPT_MS + 1, 2));
    expect(old).toHaveLength(1);
    let samples: readonly Sample[] = [];
    for (let at = 1; at <= MOST_SAMPLES + 50; at += 1) samples = sampled(samples, sample(at, at));
    expect(samples).toHaveLength(MOST_SAMPLES);
  });

  it("begin anew where the log did, or our clock went back", () => {
    expect(sampled([sample(0, 100, 5)], sample(1, 3, 5))).toEqual([sample(1, 3, 5)]);
    expect(sampled([sample(9, 1)], sample(9, 2))).toEqual([sample(9, 2)]);
  });

  it("become a line from left to right, the greatest at the top", () => {
    expect(points([0, 5, 10], 10, 100, 20)).toBe("0,20 50,10 100,0");
    expect(points([3], 10, 100, 20)).toBe("0,14");
    expect(points([0, 0], 0, 10, 10)).toBe("0,10 10,10");
    expect(points([], 1, 10, 10)).toBe("");
  });

  it.each([
    [0, "0"],
    [0.04, "<0.1"],
    [0.42, "0.4"],
    [12.6, "13"],
  ])("%d is written %s", (rate, text) => expect(rateText(rate)).toBe(text));
});

describe("asking again", () => {
  it("takes longer with every failure, up to a bound", () => {
    expect([0, 1, 2, 3].map((failures) => waitMs(failures))).toEqual([1, 2, 4, 8].map((times) => times * POLL_MS));
    expect(waitMs(99)).toBe(MOST_WAIT_MS);
  });
});

describe("the live end", () => {
  const record = (offset: number): LogRecord => ({
    topic: "events",
    partition: 0,
    offset,
    at: 0,
    type: "message_sent",
    readable: true,
    body: {},
  });
  const offsets = (records: readonly LogRecord[]): number[] => records.map(({ offset }) => offset);

  it("shows the newest first, a bounded number of them", () => {
    const many = Array.from({ length: MOST_RECORDS + 5 }, (_, offset) => record(offset));
    const tailing = came(came(NOTHING, many.slice(0, 3)), many.slice(3));
    expect(offsets(tailing.records).slice(0, 2)).toEqual([MOST_RECORDS + 4, MOST_RECORDS + 3]);
    expect(tailing.records).toHaveLength(MOST_RECORDS);
    expect(tailing.missed).toBe(0);
  });

  it("puts what came together in the order of time", () => {
    const recordAt = (offset: number, at: number): LogRecord => ({ ...record(offset), at });
    const tailing = came(NOTHING, [recordAt(1, 20), recordAt(2, 30), recordAt(9, 10), recordAt(10, 20)]);
    expect(offsets(tailing.records)).toEqual([2, 10, 1, 9]);
  });

  it("keeps still while it is held, and loses nothing unsaid", () => {
    const held = came(hold(came(NOTHING, [record(0)])), [record(1), record(2)]);
    expect(offsets(held.records)).toEqual([0]);
    expect(offsets(release(held).records)).toEqual([2, 1, 0]);
    const flooded = came(
      held,
      Array.from({ length: MOST_RECORDS }, (_, offset) => record(offset + 3)),
    );
    expect(flooded.waiting).toHaveLength(MOST_RECORDS);
    expect(flooded.missed).toBe(2);
    expect(passedOver(flooded, 5).missed).toBe(7);
  });
});
