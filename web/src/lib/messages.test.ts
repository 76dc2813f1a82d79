import type { MessageView } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { anchorOf, findMessage, lastOwn, replyCounts } from "./messages.js";

function said(seq: number, by = "ann", more: Partial<MessageView> = {}): MessageView {
  return { seq, id: `e${seq}`, from: { id: by, name: by }, at: seq, text: "hi", reactions: [], ...more };
}

describe("a message", () => {
  const messages = [2, 3, 7, 20, 21].map((seq) => said(seq));

  it("is found by its seq", () => {
    expect(messages.map(({ seq }) => findMessage(messages, seq)?.seq)).toEqual([2, 3, 7, 20, 21]);
    expect([0, 4, 22].map((seq) => findMessage(messages, seq))).toEqual([undefined, undefined, undefined]);
    expect(findMessage([], 1)).toBeUndefined();
  });
});

describe("answers", () => {
  const messages = [
    said(1),
    said(2, "bob", { reply_to: 1 }),
    said(3, "bob", { reply_to: 1 }),
    said(4, "bob", { reply_to: 1, deleted: true }),
  ];

  it("are counted, but for those taken back", () => {
    const counts = replyCounts(messages, new Map());
    expect([...counts]).toEqual([[1, 2]]);
    expect(replyCounts([...messages, said(5)], counts)).toBe(counts);
    expect(replyCounts([...messages, said(5, "ann", { reply_to: 2 })], counts)).not.toBe(counts);
  });
});

it("one's last message is one that is still there", () => {
  expect(lastOwn([said(1, "me"), said(2, "me", { deleted: true }), said(3)], "me")?.seq).toBe(1);
  expect(lastOwn([said(3)], "me")).toBeUndefined();
});

it("a page says what it was asked around, else its last message", () => {
  const page = { before: null, after: null, messages: [said(6), said(7)] };
  expect(anchorOf({ ...page, anchor: 6 })).toBe(6);
  expect(anchorOf({ ...page, anchor: null })).toBe(7);
  expect(anchorOf({ ...page, messages: [] })).toBeNull();
});
