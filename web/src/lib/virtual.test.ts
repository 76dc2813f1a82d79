import { describe, expect, it } from "vitest";
import { anchorAt, layOut, prune, rowAt, topFor, topForMiddle, totalHeight, visible } from "./virtual.js";

const rows = (from: number, to: number): { key: string }[] =>
  Array.from({ length: to - from }, (_, index) => ({ key: `m${from + index}` }));
const even = (): number => 50;

describe("a layout", () => {
  it("takes measured heights before estimates", () => {
    const layout = layOut(rows(0, 3), new Map([["m1", 120]]), even);
    expect([...layout.offsets]).toEqual([0, 50, 170, 220]);
    expect(totalHeight(layout)).toBe(220);
  });
  it("finds the row at a height, within the list", () => {
    const layout = layOut(rows(0, 4), new Map(), even);
    expect([-10, 0, 49, 50, 199, 5_000].map((top) => rowAt(layout, top))).toEqual([0, 0, 0, 1, 3, 3]);
  });
  it("of nothing is empty", () => {
    const layout = layOut([], new Map(), even);
    expect(visible(layout, 0, 500, 100)).toEqual({ first: 0, end: 0 });
    expect(anchorAt(layout, 0, 500, { first: 0, end: 0 })).toBeNull();
    expect(totalHeight(layout)).toBe(0);
  });
});

describe("what is drawn", () => {
  it("covers the view and something more, whatever is scrolled to", () => {
    const layout = layOut(rows(0, 10_000), new Map([["m500", 4_000]]), even);
    for (const top of [0, 130, 24_900, 26_000, 300_000, totalHeight(layout) - 600]) {
      const range = visible(layout, top, 600, 300);
      expect(layout.offsets[range.first] ?? Infinity).toBeLessThanOrEqual(Math.max(0, top - 300));
      expect(layout.offsets[range.end] ?? -1).toBeGreaterThanOrEqual(Math.min(totalHeight(layout), top + 900));
      expect(range.end - range.first).toBeLessThan(40);
    }
  });
});

describe("the place", () => {
  const all = { first: 0, end: 200 };
  it("is kept when older rows come in", () => {
    const before = layOut(rows(100, 200), new Map(), even);
    const anchor = anchorAt(before, 1_020, 600, all);
    expect(anchor).toEqual({ key: "m120", delta: -20 });
    const after = layOut(rows(50, 200), new Map([["m60", 400]]), even);
    expect(anchor && topFor(after, anchor)).toBe(1_020 + 50 * 50 + 350);
  });
  it("is kept when a row above turns out to be taller", () => {
    const before = layOut(rows(0, 100), new Map(), even);
    const anchor = anchorAt(before, 2_000, 600, all);
    const after = layOut(rows(0, 100), new Map([["m3", 75]]), even);
    expect(anchor && topFor(after, anchor)).toBe(2_025);
  });
  it("is a row that was seen already, before those that were only estimated", () => {
    const before = layOut(rows(0, 100), new Map(), even);
    const anchor = anchorAt(before, 2_000, 600, { first: 46, end: 80 });
    expect(anchor).toEqual({ key: "m46", delta: 300 });
    const after = layOut(rows(0, 100), new Map([["m42", 75]]), even);
    expect(anchor && topFor(after, anchor)).toBe(2_025);
  });
  it("is the first row that is seen where all that was drawn is out of sight", () => {
    const layout = layOut(rows(0, 100), new Map(), even);
    expect(anchorAt(layout, 1_000, 600, { first: 46, end: 80 })?.key).toBe("m20");
    expect(anchorAt(layout, 4_000, 600, { first: 46, end: 80 })?.key).toBe("m80");
  });
  it("is not a heading that goes up with what comes in", () => {
    const stays = ({ key }: { key: string }): boolean => key !== "day";
    const before = layOut([{ key: "day" }, ...rows(60, 100)], new Map(), even, stays);
    const anchor = anchorAt(before, 0, 600, all);
    expect(anchor).toEqual({ key: "m60", delta: 50 });
    const after = layOut([{ key: "day" }, ...rows(0, 100)], new Map(), even, stays);
    expect(anchor && topFor(after, anchor)).toBe(60 * 50);
  });
  it("is lost with its row", () => {
    const before = layOut(rows(0, 10), new Map(), even);
    const anchor = anchorAt(before, 100, 600, all);
    expect(anchor && topFor(layOut(rows(5, 10), new Map(), even), anchor)).toBeNull();
  });
});

describe("a row that is jumped to", () => {
  const layout = layOut(rows(0, 100), new Map([["m50", 900]]), even);

  it("stands in the middle", () => expect(topForMiddle(layout, "m20", 450)).toBe(1_000 - 200));
  it("stands at the top where it is taller than the view", () => expect(topForMiddle(layout, "m50", 450)).toBe(2_500));
  it("is not scrolled past the ends", () => {
    expect(topForMiddle(layout, "m0", 450)).toBe(0);
    expect(topForMiddle(layout, "m99", 450)).toBe(totalHeight(layout) - 450);
  });
  it("must be there", () => expect(topForMiddle(layout, "m200", 450)).toBeNull());
});

describe("kept heights", () => {
  it("are forgotten with their rows, once there are many", () => {
    const heights = new Map(rows(0, 100).map((row) => [row.key, 40]));
    prune(heights, layOut(rows(90, 110), heights, even), 200);
    expect(heights.size).toBe(100);
    prune(heights, layOut(rows(90, 110), heights, even), 10);
    expect([...heights.keys()]).toEqual(rows(90, 100).map((row) => row.key));
  });
});
