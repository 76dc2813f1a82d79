import type { Past, ReplayedEvent } from "@roomlog/client";
import { describe, expect, it } from "vitest";
import garden from "./garden.ndjson?raw";
import gardenAt from "./garden-at.ndjson?raw";
import { parseHappening, type Happening } from "./happening.js";
import { parsePoint, toLocalText } from "./jump.js";
import { duration } from "./duration.js";
import { apply, fromServer, type PastRoom } from "./room.js";
import { tell, toldIgnored, toldWithheld } from "./tell.js";
import { extended, MOST_STEPS, stepsBackTo, type Step } from "./trail.js";

/** What a server told of one room: its events, and how it stood after each, to somebody who may not see deleted texts. */
const EVENTS = lines<ReplayedEvent>(garden);
const STOOD = lines<Past>(gardenAt);
const HAPPENINGS = EVENTS.map(parseHappening);

/** Lines of a real server's answer: of what type is known by what was asked. */
function lines<T>(text: string): T[] {
  const read = (line: string): T => {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-return -- as above
    return JSON.parse(line);
  };
  return text.trim().split("\n").map(read);
}

/** Without what only one of the two ways can know: the order of people, and who reacted. */
function comparable(room: PastRoom): unknown {
  const byId = (one: { id: string }, other: { id: string }): number => one.id.localeCompare(other.id);
  return {
    ...room,
    members: room.members.toSorted(byId),
    messages: room.messages.map(({ message, deletedSince, withheld }) => ({
      ...message,
      deletedSince,
      withheld,
      reactions: message.reactions.map(({ emoji, count }) => ({ emoji, count })),
    })),
  };
}

function happening(change: Partial<ReplayedEvent>): Happening {
  const pos = { epoch: "e", partition: 0, offset: 99 };
  const base: ReplayedEvent = { room: "r", pos, at: 1, verdict: "accepted", seq: 19, from: { id: "u", name: "Uma" } };
  return parseHappening({ ...base, ...change });
}

describe("folding forward", () => {
  it.each(STOOD.map((stood, index) => [stood.seq, index] as const))(
    "from event %i on shows what the server shows at each later one",
    (_seq, start) => {
      const base = STOOD[start];
      if (base === undefined) throw new Error("no such state");
      let room = fromServer(base);
      for (const [index, stood] of STOOD.entries()) {
        if (index <= start) continue;
        const next = HAPPENINGS[index];
        if (next === undefined) throw new Error("no such event");
        room = apply(room, next);
        expect(comparable(room)).toEqual(comparable(fromServer(stood)));
      }
    },
  );

  it("leaves earlier states as they were", () => {
    const states = HAPPENINGS.slice(1).reduce<PastRoom[]>((all, next) => {
      const last = all.at(-1);
      return last === undefined ? all : [...all, apply(last, next)];
    }, STOOD.slice(0, 1).map(fromServer));
    expect(states.map(comparable)).toEqual(STOOD.map(fromServer).map(comparable));
  });

  it("moves the position alone for what does not count", () => {
    const base = STOOD.slice(-1).map(fromServer);
    const ignored = happening({
      verdict: "ignored",
      reason: "banned",
      type: "message_sent",
      body: { text: "let me in" },
    });
    for (const room of base) expect(apply(room, ignored)).toEqual({ ...room, offset: 99, at: 1 });
  });

  it("keeps no member list of an open room, but those with a role", () => {
    const open = STOOD.slice(0, 1).map((past) => fromServer({ ...past, kind: "open" }));
    for (const room of open) {
      expect(apply(room, happening({ type: "member_joined", body: {} })).members).toEqual(room.members);
      const promoted = apply(room, happening({ type: "role_changed", body: { user: "u", role: "moderator" } }));
      expect(promoted.membersCount).toBe(room.membersCount + 1);
      const demoted = apply(promoted, happening({ type: "role_changed", body: { user: "u", role: "member" } }));
      expect(demoted.members).toEqual(room.members);
    }
  });

  it("takes a type that it does not know as an event without effect", () => {
    const unknown = happening({ type: "poll_opened", body: { question: "?" } });
    expect(unknown.what).toMatchObject({ type: "unknown", called: "poll_opened" });
    expect(happening({ type: "role_changed", body: { user: 7 } }).what.type).toBe("unknown");
    for (const room of STOOD.slice(0, 1).map(fromServer)) expect(apply(room, unknown).seq).toBe(19);
  });
});

describe("what happened, in words", () => {
  const nameOf = (id: string): string => HAPPENINGS.find(({ from }) => from?.id === id)?.from?.name ?? "?";

  it("is told of every event", () => {
    expect(HAPPENINGS.map(({ from, what }) => `${from?.name ?? "?"} ${tell(what, nameOf)}`)).toEqual([
      "Ann creates the room garden",
      "Ben joins",
      "Ben says: who waters the beans?",
      "Cam joins",
      "Cam answers message 3: I do",
      "Cam reacts to message 3 with 🌱",
      "Ann makes Ben a moderator",
      expect.stringMatching(/^Ben mutes Cam until .*2096/),
      "Ben says: ",
      "Ben deletes message 9",
      "Ben lets Cam speak again",
      "Ben reacts to message 3 with 🌱",
      "Ben takes 🌱 back from message 3",
      "Ann renames the room to the garden and sets its topic: beans",
      "Ann removes Cam",
      "Ann bans Cam for ever",
      "Ann lifts the ban of Cam",
      "Ann makes Ben the owner",
    ]);
  });

  it("says why something did not count, and why a text is not there", () => {
    expect(HAPPENINGS.map(toldWithheld).filter((text) => text !== null)).toEqual([
      "deleted since then, so the text is not shown",
    ]);
    expect(toldIgnored(happening({ verdict: "ignored", reason: "banned" }))).toBe("did not count: they were banned");
    expect(toldIgnored(happening({ verdict: "unreadable", reason: null }))).toBe("did not count: unreadable");
    expect(toldIgnored(happening({}))).toBeNull();
  });
});

describe("the trail", () => {
  const steps = (seqs: readonly number[]): readonly Step[] =>
    seqs.flatMap((seq) => STOOD.slice(0, 1).map((past) => ({ room: { ...fromServer(past), seq }, happening: null })));

  it("knows how far back an event is, as it stood right after it", () => {
    const trail = steps([4, 5, 6, 6, 7]);
    expect(stepsBackTo(trail, 7)).toBe(0);
    expect(stepsBackTo(trail, 6)).toBe(2);
    expect(stepsBackTo(trail, 4)).toBe(4);
    expect(stepsBackTo(trail, 3)).toBeNull();
  });

  it("forgets the oldest", () => {
    const trail = extended(steps([1, 2]), steps(Array.from({ length: MOST_STEPS }, (_, index) => index + 3)));
    expect(trail).toHaveLength(MOST_STEPS);
    expect(trail[0]?.room.seq).toBe(3);
  });
});

describe("a moment that one types", () => {
  const now = new Date(2026, 10, 27, 12, 0, 0).getTime();

  it("is a seq of the room, an offset, or a second of one's own zone", () => {
    expect(parsePoint("seq", " 17 ", 20, now)).toEqual({ kind: "seq", seq: 17 });
    expect(parsePoint("offset", "0", 20, now)).toEqual({ kind: "offset", offset: 0 });
    const time = new Date(2026, 10, 27, 11, 59, 1).getTime();
    expect(parsePoint("time", toLocalText(time), 20, now)).toEqual({ kind: "time", time: time + 999 });
    expect(toLocalText(time)).toBe("2026-11-27T11:59:01");
  });

  it("is refused in words", () => {
    expect(parsePoint("seq", "21", 20, now)).toBe("The room's last event is number 20.");
    expect(parsePoint("seq", "0", 20, now)).toBe("A room's first event is number 1.");
    expect(parsePoint("offset", "-1", 20, now)).toBe("Give a whole number.");
    expect(parsePoint("time", "", 20, now)).toBe("Give a date and a time.");
    expect(parsePoint("time", "2027-01-01T00:00:00", 20, now)).toBe("That has not happened yet.");
  });
});

describe("a duration", () => {
  it.each([
    [400, "a moment"],
    [1_000, "1 second"],
    [59_000, "59 seconds"],
    [90_000, "2 minutes"],
    [3_600_000, "1 hour"],
    [200_000_000, "2 days"],
  ])("%i ms is %s", (ms, words) => expect(duration(ms)).toBe(words));
});
