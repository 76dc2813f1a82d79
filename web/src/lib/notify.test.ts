import type { RoomEvent } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { noticeOf } from "./notify.js";
import type { Entry } from "./unread.js";

const ENTRY: Entry = {
  id: "r",
  kind: "public",
  name: "Plans",
  topic: "",
  role: "member",
  peer: null,
  head: 1,
  last: null,
  readSeq: 0,
  unread: 0,
  mentions: 0,
};

function said(by: string, text: string, mentions: string[] = []): RoomEvent {
  return {
    room: "r",
    seq: 7,
    pos: { epoch: "e", partition: 0, offset: 7 },
    event_id: "e7",
    from: { id: by, name: "Ann" },
    cid: "c",
    at: 1,
    type: "message_sent",
    body: { text, mentions },
  };
}

describe("a notification", () => {
  it("is for mentions and for what is said to one alone", () => {
    expect(noticeOf(said("ann", "hi"), ENTRY, "me", false)).toBeNull();
    expect(noticeOf(said("ann", "**hi** @me", ["me"]), ENTRY, "me", false)).toEqual({
      title: "Ann in Plans",
      body: "hi @me",
      tag: "r:7",
      seq: 7,
    });
    expect(noticeOf(said("ann", "hi"), { ...ENTRY, kind: "direct" }, "me", false)?.title).toBe("Ann");
  });
  it("is not for what one sees, or says", () => {
    expect(noticeOf(said("ann", "hi", ["me"]), ENTRY, "me", true)).toBeNull();
    expect(noticeOf(said("me", "hi", ["me"]), ENTRY, "me", false)).toBeNull();
  });
  it("is short, and cuts no character in two", () => {
    const body = noticeOf(said("ann", "👍".repeat(500), ["me"]), ENTRY, "me", false)?.body ?? "";
    expect(Array.from(body)).toHaveLength(181);
    expect(body.endsWith("👍…")).toBe(true);
  });
});
