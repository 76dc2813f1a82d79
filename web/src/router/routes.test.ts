import { describe, expect, it } from "vitest";
import { parseRoute, pastPath, roomPath } from "./routes.js";

const ROOM = "0b7d6d8e-9f6a-5d4c-8a2b-1c3d5e7f9a0b";

describe("a path", () => {
  it.each([
    ["/", { name: "home" }],
    ["/settings", { name: "settings" }],
    ["/settings/", { name: "settings" }],
    ["/log", { name: "log" }],
    ["/admin", { name: "admin" }],
    [`/room/${ROOM}`, { name: "room", room: ROOM, seq: null }],
    [`/room/${ROOM}/17`, { name: "room", room: ROOM, seq: 17 }],
    [`/room/${ROOM}/past`, { name: "past", room: ROOM, seq: null }],
  ])("%s is a route", (path, route) => {
    expect(parseRoute(path)).toEqual(route);
  });

  it.each([
    "/room",
    "/room/general",
    `/room/${ROOM}/0`,
    `/room/${ROOM}/-1`,
    `/room/${ROOM}/1e3`,
    `/room/${ROOM}/9999999999999999`,
    `/room/${ROOM}/17/18`,
    `/room/${ROOM.toUpperCase()}`,
    "/settings/more",
    "/elsewhere",
    "//evil.example/",
  ])("%s leads nowhere", (path) => {
    expect(parseRoute(path)).toEqual({ name: "nowhere", path });
  });

  it("comes back from what writes it", () => {
    const seq = 9;
    expect(parseRoute(roomPath(ROOM, seq))).toEqual({ name: "room", room: ROOM, seq });
    const past = new URL(pastPath(ROOM, seq), "http://page.example");
    expect(parseRoute(past.pathname, past.search)).toEqual({ name: "past", room: ROOM, seq });
    expect(parseRoute(`/room/${ROOM}/past`, "?seq=x")).toEqual({ name: "past", room: ROOM, seq: null });
  });
});
