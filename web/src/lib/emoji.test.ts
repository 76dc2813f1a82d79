import { describe, expect, it } from "vitest";
import { findEmoji, loadEmoji, parseTable } from "./emoji.js";

const groups = await loadEmoji();
const found = (words: string): string[] =>
  findEmoji(groups, words).flatMap((group) => group.emoji.map(([emoji]) => emoji));

describe("emoji", () => {
  it("are all there", () => {
    expect(groups.map((group) => group.name)).toContain("Smileys and Emotion");
    expect(found("").length).toBeGreaterThan(1_500);
    expect(new Set(found("")).size).toBe(found("").length);
  });
  it.each([
    ["thumbs up", "👍"],
    ["THUMB", "👍"],
    ["+1", "👍"],
    ["party", "🎉"],
    ["flag fran", "🇫🇷"],
    ["🎉", "🎉"],
  ])("are found by %s", (words, emoji) => {
    expect(found(words)).toContain(emoji);
  });
  it("are not found by what they are not", () => {
    expect(findEmoji(groups, "qqqq")).toEqual([]);
    expect(found("thumbs up")).not.toContain("👎");
  });
  it("of a broken table are left out", () => {
    expect(parseTable([["Group", [["x", "name", "words"], ["y"], 7]], "nothing", [1, []]])).toEqual([
      { name: "Group", emoji: [["x", "name", "words"]] },
    ]);
  });
});
