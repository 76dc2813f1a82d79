import type { Act } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { actionsOf, isCommandLine, isTyped, parseKept, toldAction, toldDetail } from "./door.js";
import { joined, MOST_ITEMS } from "./paging.js";

const same = (item: string): string => item;

describe("a list by pages", () => {
  it("grows without showing anybody twice", () => {
    const page = joined({ items: ["a", "b"], next: "b" }, { items: ["b", "c"], next: "c" }, same);
    expect(page).toEqual({ items: ["a", "b", "c"], next: "c" });
    expect(joined(page, { items: [], next: null }, same).next).toBeNull();
  });

  it("is bounded, and then has no next page", () => {
    const many = Array.from({ length: MOST_ITEMS }, (_, index) => String(index));
    const page = joined({ items: ["x"], next: "x" }, { items: many, next: "more" }, same);
    expect(page.items).toHaveLength(MOST_ITEMS);
    expect(page.next).toBeNull();
  });
});

describe("a room's people", () => {
  it("are read by the list's name", () => {
    const bans = [
      { id: "1", username: "eve", display_name: "Eve", until: 5 },
      { id: "2", username: "bob", until: null },
      { id: "3" },
    ];
    expect(parseKept("bans", { bans, after: "3" })).toEqual({
      items: [
        { id: "1", name: "Eve", role: null, until: 5 },
        { id: "2", name: "bob", role: null, until: null },
        { id: "3", name: null, role: null, until: null },
      ],
      next: "3",
    });
    expect(parseKept("members", { members: [{ id: "1", role: "owner" }], after: null }).items[0]?.role).toBe("owner");
  });

  it("are refused where the answer is something else", () => {
    expect(() => parseKept("bans", { mutes: [] })).toThrow("its bans is no list");
    expect(() => parseKept("bans", null)).toThrow("its bans is no list");
    expect(() => parseKept("bans", { bans: [{ name: "x" }] })).toThrow("somebody has no id");
  });
});

describe("what admins did", () => {
  const act = (action: string, detail: Record<string, unknown> = {}): Act => ({
    id: "1",
    at: 0,
    actor_id: "00000000-0000-0000-0000-000000000000",
    action,
    detail,
  });

  it("is told in words", () => {
    expect(toldAction("user.disable")).toBe("user: disable");
    expect(toldAction("log.dead_letters")).toBe("log: dead letters");
    expect(toldAction("started")).toBe("started");
    expect(toldDetail(act("x", { created: true, by_name: "ann" }))).toBe("created true, by name ann");
    expect(isCommandLine(act("x"))).toBe(true);
  });

  it("can be chosen from by what there is", () => {
    expect(actionsOf([act("b"), act("a"), act("b")])).toEqual(["a", "b"]);
  });
});

describe("a name that is to be typed", () => {
  it("is the same but for spaces around it and how its letters are composed", () => {
    expect(isTyped(" kitchen ", "kitchen")).toBe(true);
    expect(isTyped("cafe\u0301", "caf\u00e9")).toBe(true);
    expect(isTyped("Kitchen", "kitchen")).toBe(false);
    expect(isTyped("", "kitchen")).toBe(false);
  });
});
