import type { MessageView, PendingMessage } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { timeline, type TimelineInput, type TimelineItem } from "./timeline.js";

const NOON = new Date(2026, 10, 27, 12, 0).getTime();
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function said(seq: number, by: string, at: number, more: Partial<MessageView> = {}): MessageView {
  return { seq, id: `e${seq}`, from: { id: by, name: by }, at, text: "hi", reactions: [], ...more };
}

function input(messages: readonly MessageView[], more: Partial<TimelineInput> = {}): TimelineInput {
  return { messages, pending: [], complete: false, readSeq: null, me: "me", ...more };
}

/** `*` is the first of a group. */
const shown = (items: readonly TimelineItem[]): string =>
  items.map((item) => ("head" in item && item.head ? `*${item.key}` : item.key)).join(" ");

describe("messages", () => {
  it("of one author within minutes stand together", () => {
    const messages = [
      said(1, "ann", NOON),
      said(2, "ann", NOON + MINUTE_MS),
      said(3, "bob", NOON + 2 * MINUTE_MS),
      said(4, "bob", NOON + 8 * MINUTE_MS),
    ];
    expect(shown(timeline(input(messages)))).toMatch(/^day-\d+ \*m1 m2 \*m3 \*m4$/);
  });
  it("said under another name stand apart", () => {
    const renamed = said(2, "ann", NOON, { from: { id: "ann", name: "Annabel" } });
    expect(shown(timeline(input([said(1, "ann", NOON), renamed])))).toMatch(/\*m1 \*m2$/);
  });
  it("that answer stand alone", () => {
    expect(shown(timeline(input([said(1, "ann", NOON), said(2, "ann", NOON, { reply_to: 1 })])))).toMatch(/\*m1 \*m2$/);
  });
  it("of another day have a line before them", () => {
    const items = timeline(input([said(1, "ann", NOON), said(2, "ann", NOON + DAY_MS), said(3, "ann", NOON + DAY_MS)]));
    expect(shown(items)).toMatch(/^day-\d+ \*m1 day-\d+ \*m2 m3$/);
    expect(new Set(items.map((item) => item.key)).size).toBe(items.length);
  });
  it("begin where the room begins", () => {
    expect(shown(timeline(input([], { complete: true })))).toBe("start");
  });
});

describe("the line of the unread", () => {
  const messages = [said(1, "ann", NOON), said(2, "ann", NOON), said(3, "me", NOON), said(4, "ann", NOON)];

  it("stands before the first that is unread, and begins a group", () => {
    expect(shown(timeline(input(messages, { readSeq: 1 })))).toMatch(/\*m1 unread \*m2 \*m3 \*m4$/);
  });
  it("is none of one's own", () => {
    expect(shown(timeline(input(messages, { readSeq: 2 })))).toMatch(/\*m3 unread \*m4$/);
    expect(shown(timeline(input(messages.slice(0, 3), { readSeq: 2 })))).not.toContain("unread");
  });
  it("is not there where all is read", () => {
    expect(shown(timeline(input(messages, { readSeq: 4 })))).not.toContain("unread");
  });
});

describe("what is on its way", () => {
  const pending = (cid: string, more: Partial<PendingMessage> = {}): PendingMessage => ({
    cid,
    text: "hi",
    at: NOON,
    state: "sending",
    ...more,
  });

  it("comes last, and goes on with one's own group", () => {
    const own = input([said(1, "me", NOON)], { pending: [pending("a"), pending("b", { replyTo: 1 })] });
    expect(shown(timeline(own))).toMatch(/\*m1 pa \*pb$/);
    expect(shown(timeline({ ...own, messages: [said(1, "ann", NOON)] }))).toMatch(/\*m1 \*pa \*pb$/);
  });
});

describe("an item", () => {
  it("that did not change is the same", () => {
    const messages = [said(1, "ann", NOON), said(2, "ann", NOON)];
    const before = timeline(input(messages));
    const after = timeline(input([...messages, said(3, "ann", NOON)]), before);
    expect(after[1]).toBe(before[1]);
    expect(after[2]).toBe(before[2]);
    const edited = timeline(input([said(1, "ann", NOON, { text: "other" }), ...messages.slice(1)]), after);
    expect(edited[1]).not.toBe(after[1]);
  });
});
