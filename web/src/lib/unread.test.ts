import type { EventBodies, EventType, RoomEvent } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { afterEvent, afterRead, type Entry, neighbour, sorted, wanting, windowTitle } from "./unread.js";

const ENTRY: Entry = {
  id: "r",
  kind: "public",
  name: "Plans",
  topic: "",
  role: "member",
  peer: null,
  head: 10,
  last: { seq: 10, from: "Ann", at: 1_000, text: "ten" },
  readSeq: 10,
  unread: 0,
  mentions: 0,
};

type Part = { [T in EventType]: { readonly type: T; readonly body: EventBodies[T] } }[EventType];

function event(seq: number, by: string, part: Part): RoomEvent {
  const from = { id: by, name: by };
  const pos = { epoch: "e", partition: 0, offset: seq };
  return { room: "r", seq, pos, event_id: `e${seq}`, from, cid: "c", at: 1_000 + seq, ...part };
}

const message = (seq: number, by: string, mentions: string[] = []): RoomEvent =>
  event(seq, by, { type: "message_sent", body: { text: "hello", mentions } });

describe("a room's row", () => {
  it("counts what others say, and mentions", () => {
    const after = afterEvent(afterEvent(ENTRY, message(11, "ann"), "me"), message(12, "bob", ["me"]), "me");
    expect(after).toMatchObject({ head: 12, unread: 2, mentions: 1, last: { seq: 12, text: "hello" } });
  });
  it("does not count what one says oneself", () => {
    expect(afterEvent(ENTRY, message(11, "me"), "me")).toMatchObject({ head: 11, unread: 0, last: { seq: 11 } });
  });
  it("counts nothing twice", () => {
    expect(afterEvent(ENTRY, message(10, "ann"), "me")).toBe(ENTRY);
  });
  it("follows edits and deletions of the last message alone", () => {
    const edited = (seq: number): RoomEvent => event(11, "ann", { type: "message_edited", body: { seq, text: "new" } });
    expect(afterEvent(ENTRY, edited(10), "me").last?.text).toBe("new");
    expect(afterEvent(ENTRY, edited(9), "me").last?.text).toBe("ten");
    const deleted = event(11, "ann", { type: "message_deleted", body: { seq: 10 } });
    expect(afterEvent(ENTRY, deleted, "me").last?.text).toBe("");
  });
  it("follows name and role", () => {
    expect(afterEvent(ENTRY, event(11, "ann", { type: "room_updated", body: { name: "New" } }), "me").name).toBe("New");
    const role = event(11, "ann", { type: "role_changed", body: { user: "me", role: "moderator" } });
    expect(afterEvent(ENTRY, role, "me").role).toBe("moderator");
  });
  it("is read up to its last message, or some of it", () => {
    const unread = { ...ENTRY, readSeq: 5, unread: 3, mentions: 1 };
    expect(afterRead(unread, 10)).toMatchObject({ readSeq: 10, unread: 0, mentions: 0 });
    expect(afterRead(unread, 7)).toMatchObject({ readSeq: 7, unread: 3 });
    expect(afterRead(unread, 4)).toBe(unread);
  });
});

describe("the list", () => {
  const entries: readonly Entry[] = [
    ENTRY,
    { ...ENTRY, id: "a", name: "apples", unread: 4, mentions: 1 },
    { ...ENTRY, id: "d", kind: "direct", name: "Zoe", unread: 2 },
    { ...ENTRY, id: "e", kind: "direct", name: "Bob", last: { seq: 1, from: "Bob", at: 9_000, text: "x" } },
  ];

  it("is sorted by name, direct rooms by what is new", () => {
    const { rooms, direct } = sorted(entries);
    expect([rooms, direct].map((list) => list.map((entry) => entry.name))).toEqual([
      ["apples", "Plans"],
      ["Bob", "Zoe"],
    ]);
  });
  it("says in the title what wants an answer", () => {
    expect(wanting(entries)).toBe(3);
    expect(windowTitle(entries, "Plans")).toBe("(3) Plans · Roomlog");
    expect(windowTitle([{ ...ENTRY, unread: 1 }], null)).toBe("• Roomlog");
    expect(windowTitle([ENTRY], null)).toBe("Roomlog");
    expect(
      windowTitle(
        [
          { ...ENTRY, mentions: 100 },
          { ...ENTRY, mentions: 5 },
        ],
        null,
      ),
    ).toBe("(99+) Roomlog");
  });
  it("goes round", () => {
    expect(neighbour(entries, "e", 1)?.id).toBe("r");
    expect(neighbour(entries, "r", -1)?.id).toBe("e");
    expect(neighbour(entries, null, 1)?.id).toBe("r");
    expect(neighbour([], null, 1)).toBeNull();
  });
});
