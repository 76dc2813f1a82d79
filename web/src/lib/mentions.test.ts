import { describe, expect, it } from "vitest";
import { insertMention, mentionAt, mentioned, suggest, type Person } from "./mentions.js";

const ANN: Person = { id: "1", username: "ann", name: "Ann Lee" };
const BOB: Person = { id: "2", username: "bob", name: "Robert Anders" };
const GUEST: Person = { id: "3", name: "Annabel" };

describe("the name that is being typed", () => {
  it.each([
    ["@", 1, { start: 0, prefix: "" }],
    ["hi @an", 6, { start: 3, prefix: "an" }],
    ["(@zoë", 5, { start: 1, prefix: "zoë" }],
    ["hi @ann there", 7, { start: 3, prefix: "ann" }],
  ])("%s at %d", (text, caret, expected) => {
    expect(mentionAt(text, caret)).toEqual(expected);
  });
  it.each([
    ["mail@example", 12],
    ["@ann ", 5],
    ["@@", 2],
    ["hi", 2],
  ])("%s has none at %d", (text, caret) => {
    expect(mentionAt(text, caret)).toBeNull();
  });
});

describe("who is offered", () => {
  it("is best match first", () => {
    expect(suggest([BOB, GUEST, ANN], "an")).toEqual([ANN, GUEST, BOB]);
    expect(suggest([BOB, ANN], "rob")).toEqual([BOB]);
    expect(suggest([BOB, ANN], "xyz")).toEqual([]);
  });
  it("is never more than a few", () => {
    const many = Array.from({ length: 50 }, (_, index) => ({ id: String(index), name: `Ann ${index}` }));
    expect(suggest(many, "")).toHaveLength(8);
  });
});

describe("a name that is chosen", () => {
  it("takes the place of what was typed", () => {
    expect(insertMention("hi @an there", { start: 3, prefix: "an" }, ANN)).toEqual({ text: "hi @ann there", caret: 8 });
    expect(insertMention("@", { start: 0, prefix: "" }, GUEST)).toEqual({ text: "@Annabel ", caret: 9 });
  });
  it("counts as long as it stands in the text", () => {
    expect(mentioned("hi @ann and @Annabel", [ANN, GUEST, ANN, BOB])).toEqual(["1", "3"]);
    expect(mentioned("never mind", [ANN])).toEqual([]);
  });
});
