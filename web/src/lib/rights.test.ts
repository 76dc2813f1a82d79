import { describe, expect, it } from "vitest";
import type { Kind, Role } from "@roomlog/client";
import { actsTowards, mayChangeRoom, mayDeleteOthers, mayInvite, mayLeave, mayModerate, maySpeak } from "./rights.js";

const as = (kind: Kind, role: Role | null) => ({ kind, role });

describe("in a room", () => {
  it("members speak, in an open one everybody", () => {
    expect(maySpeak(as("open", null))).toBe(true);
    expect(maySpeak(as("public", null))).toBe(false);
    expect(maySpeak(as("private", "member"))).toBe(true);
    expect(maySpeak(as("direct", "member"))).toBe(true);
  });
  it("members invite where there are invitations", () => {
    expect(mayInvite(as("private", "member"))).toBe(true);
    expect(mayInvite(as("public", null))).toBe(false);
    expect(mayInvite(as("open", "owner"))).toBe(false);
    expect(mayInvite(as("direct", "member"))).toBe(false);
  });
  it("moderators moderate, owners change it", () => {
    expect([mayModerate, mayDeleteOthers].map((may) => may(as("open", "moderator")))).toEqual([true, true]);
    expect([mayModerate, mayDeleteOthers].map((may) => may(as("public", "member")))).toEqual([false, false]);
    expect(mayChangeRoom(as("public", "moderator"))).toBe(false);
    expect(mayChangeRoom(as("public", "owner"))).toBe(true);
  });
  it("who owns it stays, and who is in a direct one", () => {
    expect(mayLeave(as("public", "owner"))).toBe(false);
    expect(mayLeave(as("public", "member"))).toBe(true);
    expect(mayLeave(as("direct", "member"))).toBe(false);
    expect(mayLeave(as("open", null))).toBe(false);
  });
});

describe("towards others", () => {
  it("an owner may all, a moderator not roles", () => {
    expect(actsTowards(as("public", "owner"), "moderator")).toEqual([
      "make_member",
      "hand_over",
      "mute",
      "kick",
      "ban",
    ]);
    expect(actsTowards(as("public", "moderator"), "member")).toEqual(["mute", "kick", "ban"]);
  });
  it("nobody may anything to an equal, or to the owner", () => {
    expect(actsTowards(as("public", "moderator"), "moderator")).toEqual([]);
    expect(actsTowards(as("public", "moderator"), "owner")).toEqual([]);
    expect(actsTowards(as("public", "member"), null)).toEqual([]);
    expect(actsTowards(as("direct", "member"), "member")).toEqual([]);
  });
  it("nobody is kicked from an open room, nor who isn't there", () => {
    expect(actsTowards(as("open", "moderator"), null)).toEqual(["mute", "ban"]);
    expect(actsTowards(as("public", "moderator"), null)).toEqual(["mute", "ban"]);
  });
});
