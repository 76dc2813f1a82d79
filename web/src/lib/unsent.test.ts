import type { Unsent } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { type Kept, MOST_BYTES, MOST_UNSENT, parseKept, withoutUnsent, withUnsent } from "./unsent.js";

const said = (cid: string, more: Partial<Unsent> = {}): Unsent => ({
  cid,
  room: "r",
  text: `said ${cid}`,
  at: 1,
  ...more,
});

describe("what is kept of what was said", () => {
  it("is in the order in which it was said, each once", () => {
    const two = withUnsent(withUnsent([], said("a")), said("b"));
    expect(withUnsent(two, said("a", { since: 4 }))).toEqual([said("a", { since: 4 }), said("b")]);
    expect(withoutUnsent(two, "a")).toEqual([said("b")]);
    expect(withoutUnsent(two, "c")).toBe(two);
  });

  it("is no more than so many messages", () => {
    const many = Array.from({ length: MOST_UNSENT }, (_, index) => said(String(index)));
    expect(withUnsent(many, said("one more"))).toBe(many);
    expect(withUnsent(many, said("0", { since: null }))).toHaveLength(MOST_UNSENT);
  });

  it("is no more than so many bytes", () => {
    const long = withUnsent([], said("a", { text: "x".repeat(MOST_BYTES / 2 - 1_000) }));
    expect(long).toHaveLength(1);
    expect(withUnsent(long, said("b", { text: "y".repeat(1_000) }))).toBe(long);
  });
});

describe("what is found of it", () => {
  const refused = { kind: "muted", code: 203, message: "no", retryable: false, outcome: "none", traceId: "t" } as const;
  const kept: Kept = {
    user: "ann",
    unsent: [said("a"), said("b", { replyTo: 3, mentions: ["u"], since: null }), said("c", { since: 7, refused })],
  };

  it("is what was kept", () => {
    expect(parseKept(JSON.stringify(kept))).toEqual(kept);
  });

  it("is nothing where something else stands there", () => {
    const strange = [null, "", "{", "[]", "7", '{"user":"ann"}', '{"user":7,"unsent":[]}'];
    expect(strange.map(parseKept)).toEqual(strange.map(() => null));
  });

  it("is without what can't be read, and bounded", () => {
    const unsent = [{ cid: "a" }, null, { ...said("b"), mentions: [7, "u"], since: "4", refused: { kind: "muted" } }];
    expect(parseKept(JSON.stringify({ user: "ann", unsent }))?.unsent).toEqual([said("b", { mentions: ["u"] })]);
    const many = Array.from({ length: MOST_UNSENT + 1 }, (_, index) => said(String(index)));
    expect(parseKept(JSON.stringify({ user: "ann", unsent: many }))?.unsent).toHaveLength(MOST_UNSENT);
  });
});
