import { describe, expect, it } from "vitest";
import { excerpt, segments, type Segment } from "./highlights.js";

const shown = (pieces: readonly Segment[]): string =>
  pieces.map((piece) => (piece.found ? `[${piece.text}]` : piece.text)).join("");

describe("what was found", () => {
  it.each([
    ["one two three", [[4, 7]], "one [two] three"],
    ["two", [[0, 3]], "[two]"],
    ["👍🏽 two 🎉", [[3, 6]], "👍🏽 [two] 🎉"],
    [
      "a b c",
      [
        [0, 1],
        [4, 5],
      ],
      "[a] b [c]",
    ],
    ["short", [[2, 99]], "sh[ort]"],
    ["none", [], "none"],
  ])("%s", (text, ranges, expected) => {
    expect(shown(segments(text, ranges))).toBe(expected);
  });
});

describe("an excerpt", () => {
  const long = `${"x".repeat(1_000)}word${"y".repeat(1_000)}`;

  it("is around the first of it", () => {
    expect(shown(excerpt(long, [[1_000, 1_004]]))).toBe(`…${"x".repeat(60)}[word]${"y".repeat(176)}…`);
  });
  it("keeps the beginning and the end whole", () => {
    expect(shown(excerpt(long, [[0, 2]])).startsWith("[xx]")).toBe(true);
    expect(shown(excerpt(long, [[2_003, 2_004]])).endsWith("[y]")).toBe(true);
  });
  it("of a short text is the text", () => {
    expect(shown(excerpt("a word", [[2, 6]]))).toBe("a [word]");
  });
});
