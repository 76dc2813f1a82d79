import { expect, it } from "vitest";
import { estimateHeight } from "./estimate.js";

it("a row's height is guessed by what is in it", () => {
  const message = { seq: 1, id: "e", from: { id: "a", name: "Ann" }, at: 0, text: "hi", reactions: [] };
  const height = (text: string, head: boolean): number =>
    estimateHeight({ kind: "message", key: "m1", message: { ...message, text }, head });
  expect(height("hi", true)).toBeGreaterThan(height("hi", false));
  expect(height("a\nb\nc", false)).toBe(height("x".repeat(200), false));
  expect(estimateHeight({ kind: "day", key: "d", at: 0 })).toBeGreaterThan(0);
});
