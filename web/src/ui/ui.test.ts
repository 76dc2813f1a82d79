import { describe, expect, it } from "vitest";
import { spot } from "./place.js";
import { nextIndex } from "./roving.js";

describe("what hangs over the page", () => {
  const room = { width: 360, height: 640 };
  const size = { width: 180, height: 200 };

  it("goes below its button, flush with its end", () => {
    expect(spot(size, { top: 100, bottom: 136, right: 350 }, room)).toEqual({ left: 170, top: 140 });
  });
  it("goes above where there is no room below", () => {
    expect(spot(size, { top: 560, bottom: 596, right: 350 }, room)).toEqual({ left: 170, top: 356 });
  });
  it("never leaves the window", () => {
    expect(spot(size, { top: 10, bottom: 40, right: 60 }, room).left).toBe(8);
    expect(spot({ width: 180, height: 630 }, { top: 300, bottom: 330, right: 350 }, room).top).toBe(8);
  });
});

describe("moving in a list", () => {
  const labels = ["Reply", "Edit", "Delete", "Report"];

  it("goes round", () => {
    expect(nextIndex("ArrowDown", 3, labels)).toBe(0);
    expect(nextIndex("ArrowUp", 0, labels)).toBe(3);
    expect(nextIndex("End", 0, labels)).toBe(3);
    expect(nextIndex("Home", 2, labels)).toBe(0);
  });
  it("finds the next of a letter", () => {
    expect(nextIndex("r", 0, labels)).toBe(3);
    expect(nextIndex("R", 3, labels)).toBe(0);
    expect(nextIndex("x", 0, labels)).toBeNull();
  });
  it("leaves other keys alone", () => {
    expect(nextIndex("Enter", 0, labels)).toBeNull();
    expect(nextIndex(" ", 0, labels)).toBeNull();
    expect(nextIndex("ArrowDown", 0, [])).toBeNull();
  });
});
