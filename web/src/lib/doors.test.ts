import { describe, expect, it } from "vitest";
import { parseAbout, parseRights } from "./about.js";
import { estimateHeight } from "./estimate.js";
import { parseReaders, parseSanctions } from "./sanctions.js";

describe("what a server says of itself", () => {
  it("is taken as it is said", () => {
    const said = {
      name: "Ours",
      version: "1",
      registration: false,
      guests: false,
      password: { least: 12, most: 200 },
      jaeger_url: "http://j",
    };
    expect(parseAbout(said)).toEqual({
      name: "Ours",
      version: "1",
      registration: false,
      guests: false,
      password: { least: 12, most: 200 },
      jaegerUrl: "http://j",
    });
  });
  it("is what most servers have where it is not said", () => {
    const usual = parseAbout(null);
    expect(usual).toMatchObject({ registration: true, guests: true, jaegerUrl: null });
    expect(parseAbout({ password: { least: -1, most: "x" }, name: 7 })).toEqual(usual);
  });
  it("makes nobody an admin by mistake", () => {
    expect(parseRights({ id: "1", admin: true })).toEqual({ id: "1", admin: true });
    expect([parseRights({ id: "1", admin: "yes" }), parseRights(null)].map((rights) => rights.admin)).toEqual([
      false,
      false,
    ]);
  });
});

describe("lists of people", () => {
  it("have a name for everybody", () => {
    const answer = {
      bans: [{ id: "1", display_name: "Ann", until: 5 }, { id: "2", username: "bob", until: null }, { id: "3" }, 7],
    };
    expect(parseSanctions(answer, "bans")).toEqual([
      { id: "1", name: "Ann", until: 5 },
      { id: "2", name: "bob", until: null },
      { id: "3", name: "Somebody", until: null },
    ]);
    expect(parseSanctions(answer, "mutes")).toEqual([]);
    expect(parseSanctions("x", "bans")).toEqual([]);
  });
  it("say how far readers are", () => {
    expect(parseReaders({ reads: [{ id: "1", display_name: "Ann", seq: 5 }, { id: "2" }] })).toEqual([
      { id: "1", name: "Ann", seq: 5 },
    ]);
  });
});

it("a row's height is guessed by what is in it", () => {
  const message = { seq: 1, id: "e", from: { id: "a", name: "Ann" }, at: 0, text: "hi", reactions: [] };
  const height = (text: string, head: boolean): number =>
    estimateHeight({ kind: "message", key: "m1", message: { ...message, text }, head });
  expect(height("hi", true)).toBeGreaterThan(height("hi", false));
  expect(height("a\nb\nc", false)).toBe(height("x".repeat(200), false));
  expect(estimateHeight({ kind: "day", key: "d", at: 0 })).toBeGreaterThan(0);
});
