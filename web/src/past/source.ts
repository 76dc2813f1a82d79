/// What the time slider asks of the server.

import type { Past } from "@roomlog/client";
import { nameOf } from "../lib/people.js";
import { session } from "../state/session.svelte.js";
import { parseHappening, type Happening } from "./happening.js";

/** Members whose names are asked for. */
const NAMES = 200;

/** Somewhere in a room's past: after an event, after everything up to a time, after a record of its partition. */
export type Point =
  | { readonly kind: "seq"; readonly seq: number }
  | { readonly kind: "time"; readonly time: number }
  | { readonly kind: "offset"; readonly offset: number };

/** The room as it stood. */
export function readRoom(room: string, point: Point): Promise<Past> {
  return session.api.log.at(room, query(point));
}

function query(point: Point): { seq: number } | { time: number } | { offset: number } {
  switch (point.kind) {
    case "seq":
      return { seq: point.seq };
    case "time":
      return { time: point.time };
    case "offset":
      return { offset: point.offset };
  }
}

/** Its records from an offset on, up to the event `toSeq`; null: to the log's end. */
export async function* readRecords(
  room: string,
  fromOffset: number,
  toSeq: number | null,
  signal: AbortSignal,
): AsyncGenerator<Happening> {
  const range = { from_offset: fromOffset, ...(toSeq === null ? {} : { to_seq: toSeq }) };
  for await (const record of session.api.log.events(room, range)) {
    if (signal.aborted) return;
    yield parseHappening(record);
  }
}

/** The number of the room's last event by now. */
export async function readHead(room: string): Promise<number> {
  const { head } = await session.api.rooms.get(room);
  return head.seq;
}

/** What those are called who are in the room now: of its first page of members, those whose names are told. */
export async function readNames(room: string): Promise<readonly (readonly [id: string, name: string])[]> {
  const { members } = await session.api.rooms.members(room, { limit: NAMES });
  return members.flatMap((member) => {
    const name = nameOf(member);
    return name === null ? [] : [[member.id, name] as const];
  });
}
