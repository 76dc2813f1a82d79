import type { Act } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import { dayStart, isCommandLine, isTyped, toldAction, toldDetail } from "./told.js";

describe("what admins did", () => {
  const act = (action: string, detail: Record<string, unknown> = {}): Act => ({
    id: "1",
    at: 0,
    actor_id: "00000000-0000-0000-0000-000000000000",
    actor_username: null,
    target_username: null,
    action,
    detail,
  });

  it("is told in words", () => {
    expect(toldAction("user.disable")).toBe("Disabled an account");
    expect(toldAction("user.rename")).toBe("user: rename");
    expect(toldAction("log.dead_letters")).toBe("log: dead letters");
    expect(toldAction("started")).toBe("started");
    expect(toldDetail(act("x", { created: true, by_name: "ann", room: null }))).toBe("created true, by name ann");
    expect(isCommandLine(act("x"))).toBe(true);
  });

  it("is found by days, from their first instant to before their last", () => {
    const start = dayStart("2026-02-28");
    const end = dayStart("2026-02-28", 1);
    expect(new Date(start ?? 0)).toEqual(new Date(2026, 1, 28));
    expect(new Date(end ?? 0)).toEqual(new Date(2026, 2, 1));
    expect([dayStart(""), dayStart("today"), dayStart("2026-2-28")]).toEqual([null, null, null]);
    expect(dayStart("0001-01-01")).toBe(0);
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
