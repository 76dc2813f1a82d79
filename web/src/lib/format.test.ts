import { describe, expect, it } from "vitest";
import { badge, count, counted, dayName, hue, initials, isolated, relativeTime, startOfDay } from "./format.js";

const NOON = new Date(2026, 10, 27, 12, 0).getTime();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe("a time", () => {
  it("is told by its distance, then by its date", () => {
    expect(relativeTime(NOON - 5_000, NOON)).toBe("now");
    expect(relativeTime(NOON - 5 * MINUTE_MS, NOON)).toContain("5");
    expect(relativeTime(NOON - 3 * HOUR_MS, NOON)).toContain("3");
    expect(relativeTime(NOON - 25 * HOUR_MS, NOON)).toBe("yesterday");
    expect(relativeTime(NOON - 30 * 24 * HOUR_MS, NOON)).toContain("2026");
  });
  it("of the future is now: clocks differ", () => {
    expect(relativeTime(NOON + HOUR_MS, NOON)).toBe("now");
  });
});

describe("a day", () => {
  it("has a name near by", () => {
    expect(dayName(startOfDay(NOON), NOON)).toBe("Today");
    expect(dayName(startOfDay(NOON) - 1, NOON)).toBe("Yesterday");
    expect(dayName(startOfDay(NOON) - 25 * HOUR_MS, NOON)).toContain("25");
  });
  it("of another year says which", () => {
    expect(dayName(new Date(2024, 1, 29).getTime(), NOON)).toContain("2024");
    expect(dayName(new Date(2026, 1, 2).getTime(), NOON)).not.toContain("2026");
  });
});

describe("a name's initials", () => {
  it.each([
    ["Ann", "A"],
    ["ann marie lee", "AL"],
    ["  Zoë  Ünal ", "ZÜ"],
    ["👩‍🚀 Sally", "👩‍🚀S"],
    ["محمد علي", "مع"],
    ["", ""],
  ])("%s", (name, expected) => {
    expect(initials(name)).toBe(expected);
  });
});

describe("numbers", () => {
  it("fit into a badge", () => {
    expect([0, 1, 99, 100, 12_000].map(badge)).toEqual(["", "1", "99", "99+", "99+"]);
  });
  it("agree with their noun", () => {
    expect(counted(1, "member", "members")).toBe("1 member");
    expect(counted(0, "member", "members")).toBe("0 members");
    expect([1, 2].map((value) => counted(value, "mention", "mentions"))).toEqual(["1 mention", "2 mentions"]);
    expect(counted(1, "unread", "unread")).toBe("1 unread");
    expect(counted(1_204, "mention", "mentions")).toBe(`${count(1_204)} mentions`);
  });
});

describe("a hue", () => {
  it("is an id's own and within the circle", () => {
    const ids = Array.from(
      { length: 50 },
      (_, index) => `0b7d6d8e-9f6a-5d4c-8a2b-1c3d5e7f9a${String(index).padStart(2, "0")}`,
    );
    const hues = ids.map(hue);
    expect(hues).toEqual(ids.map(hue));
    expect(hues.every((value) => Number.isInteger(value) && value >= 0 && value < 360)).toBe(true);
    expect(new Set(hues).size).toBeGreaterThan(25);
  });
});

describe("a name in a sentence", () => {
  it("is kept apart where it is written from right to left, and else is as it was", () => {
    expect(isolated("Ann")).toBe("Ann");
    expect(isolated("Ελένη 🌿")).toBe("Ελένη 🌿");
    expect(isolated("לב כהן")).toBe("\u2068לב כהן\u2069");
    expect(isolated("ليلى (Leyla)")).toBe("\u2068ليلى (Leyla)\u2069");
  });
});
